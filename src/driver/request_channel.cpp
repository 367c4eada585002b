// SPDX-License-Identifier: GPL-2.0-only
#include "driver/request_channel.hpp"

namespace xen_front {

void RequestChannel::attach(const Transport &transport)
{
    transport_ = &transport;
    ring_.attach(transport.ring_page());
}

void RequestChannel::detach()
{
    transport_ = nullptr;
    ring_.detach();
    unpublished_ = Unpublished::Nothing;
    has_activity_ = false;
    kept_ = {};
    has_kept_ = false;
}

Result<RequestId> RequestChannel::post(wire::Request &request)
{
    const RequestId id = TRY(ring_.push(request));
    const bool is_transfer =
        request.operation == wire::Operation::Write || request.operation == wire::Operation::Read;
    unpublished_ = max(unpublished_, is_transfer ? Unpublished::Transfers : Unpublished::Urgent);
    journal_.on_request(request);
    return RequestId(id);
}

void RequestChannel::publish()
{
    const Unpublished unpublished = exchange(unpublished_, Unpublished::Nothing);
    if (unpublished == Unpublished::Nothing)
        return;
    // A backend that has enough to play may not want to be notified, and look a period later.
    const bool is_sent = ring_.publish() || unpublished == Unpublished::Urgent;
    if (is_sent)
        transport_->notify();
    journal_.on_notification(is_sent);
}

bool RequestChannel::take(Response &response, Violation &violation)
{
    if (!ring_.take(response, violation))
        return false;
    has_activity_ = true;
    journal_.on_response(response);
    if (kept_.id == response.id) {
        kept_ = response;
        kept_hw_param_ = ring_.hw_param();
        has_kept_ = true;
    }
    wake();
    return true;
}

} // namespace xen_front

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
    has_posted_ = false;
    is_urgent_ = false;
    has_activity_ = false;
}

Result<RequestId> RequestChannel::post(wire::Request &request)
{
    const RequestId id = TRY(ring_.push(request));
    has_posted_ = true;
    is_urgent_ |=
        request.operation != wire::Operation::Write && request.operation != wire::Operation::Read;
    journal_->on_request(request);
    return RequestId(id);
}

void RequestChannel::publish()
{
    if (!exchange(has_posted_, false))
        return;
    // A backend that has enough to play may not want to be notified, and look a period later.
    const bool is_wanted = ring_.publish();
    const bool is_sent = exchange(is_urgent_, false) || is_wanted;
    if (is_sent)
        transport_->notify();
    journal_->on_notification(is_sent);
}

bool RequestChannel::take(Response &response, Violation &violation)
{
    if (!ring_.take(response, violation))
        return false;
    has_activity_ = true;
    journal_->on_response(response);
    if (kept_.id == response.id) {
        kept_ = response;
        kept_hw_param_ = ring_.hw_param();
        has_kept_ = true;
    }
    wake();
    return true;
}

} // namespace xen_front

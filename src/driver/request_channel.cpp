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
    has_activity_ = false;
}

Result<RequestId> RequestChannel::post(wire::Request &request)
{
    const RequestId id = TRY(ring_.push(request));
    has_posted_ = true;
    journal_->on_request(request);
    return RequestId(id);
}

void RequestChannel::publish()
{
    if (!exchange(has_posted_, false))
        return;
    const bool is_wanted = ring_.publish();
    if (is_wanted)
        transport_->notify();
    journal_->on_notification(is_wanted);
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

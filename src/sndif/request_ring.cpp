// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/request_ring.hpp"

namespace xen_front {

void RequestRing::attach(SharedPage<wire::RingPage> page)
{
    detach();
    page_ = page;
    // io/ring.h, SHARED_RING_INIT, but with responses held off from the start.
    page_.index(&wire::RingPage::req_prod).store(0);
    page_.index(&wire::RingPage::rsp_prod).store(0);
    page_.index(&wire::RingPage::req_event).store(1);
    hold_off_notifications();
}

void RequestRing::detach()
{
    page_ = {};
    request_produced_ = 0;
    request_published_ = 0;
    response_produced_ = 0;
    response_consumed_ = 0;
    is_announced_ = false;
    for (Pending &pending : pending_)
        pending.is_used = false;
}

bool RequestRing::is_control(wire::Operation operation)
{
    return operation == wire::Operation::Trigger || operation == wire::Operation::Close;
}

uint32_t RequestRing::free_slots(bool is_control) const
{
    const uint32_t free = wire::ring_size - in_flight();
    if (is_control)
        return free;
    return free > reserved_slots ? free - reserved_slots : 0;
}

Result<RequestId> RequestRing::push(wire::Request &request)
{
    if (free_slots(is_control(request.operation)) == 0)
        return Error::NoSpace;

    // Answers may come in any order, so the free slot of the table need not be the ring's.
    uint32_t number = request_produced_ & slot_mask;
    while (pending_[number].is_used)
        number = (number + 1) & slot_mask;
    Pending &pending = pending_[number];
    pending.generation++;
    // An id that was never given out is not pending: the default one has generation 0.
    if ((pending.generation & generation_mask) == 0)
        pending.generation++;
    pending.operation = request.operation;
    pending.trigger = request.trigger.type;
    pending.is_used = true;

    request.id = static_cast<uint16_t>((pending.generation << slot_bits) | number);
    page_.write(&wire::RingPage::slots, request_produced_ & slot_mask, request);
    request_produced_++;
    return RequestId(request.id);
}

bool RequestRing::publish()
{
    const uint32_t old = request_published_;
    page_.index(&wire::RingPage::req_prod).store(request_produced_);
    request_published_ = request_produced_;
    // The backend sets req_event, then looks at req_prod once more; we do it the other way round.
    shared_memory_barrier();
    bool is_wanted = false;
    // Any value is harmless: it only decides whether to notify.
    (void)page_.index(&wire::RingPage::req_event).load().validate([&](uint32_t req_event) {
        is_wanted = request_produced_ - req_event < request_produced_ - old;
        return true;
    });
    return is_wanted;
}

bool RequestRing::is_pending(RequestId id) const
{
    const Pending &pending = pending_[id.value() & slot_mask];
    return pending.is_used && (pending.generation & generation_mask) == id.value() >> slot_bits;
}

Violation RequestRing::check(const wire::ResponseHead &sent, Response &response)
{
    Pending &pending = pending_[sent.id & slot_mask];
    if (!is_pending(RequestId(sent.id)))
        return Violation::ResponseId;
    if (static_cast<uint8_t>(pending.operation) != sent.operation)
        return Violation::ResponseOperation;

    pending.is_used = false;
    response.id = RequestId(sent.id);
    response.operation = pending.operation;
    response.trigger = pending.trigger;
    response.status = sent.status;
    return Violation::None;
}

bool RequestRing::take(Response &response, Violation &violation)
{
    if (!has_more()) {
        auto produced =
            page_.index(&wire::RingPage::rsp_prod).load().validate([&](uint32_t rsp_prod) {
                return rsp_prod - response_consumed_ <= request_published_ - response_consumed_;
            });
        if (produced.is_error()) {
            violation = Violation::ResponseIndex;
            return false;
        }
        response_produced_ = produced.value();
        if (!has_more()) {
            // There at one look and gone at the next, it would be looked for for ever.
            if (is_announced_)
                violation = Violation::ResponseIndex;
            return false;
        }
        is_announced_ = false;
    }

    const uint32_t number = response_consumed_ & slot_mask;
    auto head = page_.read_head<wire::ResponseHead>(&wire::RingPage::slots, number)
                    .validate([&](const wire::ResponseHead &copy) {
                        violation = check(copy, response);
                        return violation == Violation::None;
                    });
    if (head.is_error())
        return false;
    // Whatever it is: narrow() looks into it.
    if (response.operation == wire::Operation::HwParamQuery)
        (void)page_.read(&wire::RingPage::slots, number).validate([&](const wire::RingSlot &copy) {
            hw_param_ = copy.response.hw_param;
            return true;
        });
    response_consumed_++;
    return true;
}

void RequestRing::hold_off_notifications()
{
    // The backend notifies when rsp_prod moves over rsp_event: not over one it has passed.
    page_.index(&wire::RingPage::rsp_event).store(response_consumed_);
}

bool RequestRing::request_notification()
{
    page_.index(&wire::RingPage::rsp_event).store(response_consumed_ + 1);
    shared_memory_barrier();
    // take() checks the range.
    (void)page_.index(&wire::RingPage::rsp_prod).load().validate([&](uint32_t rsp_prod) {
        is_announced_ = rsp_prod != response_consumed_;
        return true;
    });
    return is_announced_;
}

} // namespace xen_front

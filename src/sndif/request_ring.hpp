// SPDX-License-Identifier: GPL-2.0-only
// The frontend's half of a request ring: Xen's io/ring.h with sndif's requests.
#pragma once

#include "base/result.hpp"
#include "base/strong.hpp"
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"
#include "sndif/violation.hpp"

namespace xen_front {

// Names one request among all that are and were in flight; goes over the wire as the id. The
// default one names none.
using RequestId = Strong<struct RequestIdTag, uint16_t>;

// The response to a request of ours, checked.
struct Response {
    RequestId id;
    wire::Operation operation;
    wire::TriggerType trigger; // what a Trigger asked for
    int32_t status; // as sent: 0 or, from an honest backend, a negative XEN_E*
};

// Not locked: the caller's ring lock covers every call.
class RequestRing {
  public:
    // Slots that only control requests (TRIGGER, CLOSE) may take, so that a ring full of data can
    // always be stopped and closed.
    static constexpr uint32_t reserved_slots = 8;

    // Takes over @page, which is granted to the backend but not yet announced to it.
    void attach(SharedPage<wire::RingPage> page);
    // Forgets the page and all requests in flight.
    void detach();

    // Slots left for a request, with or without the reserved ones.
    uint32_t free_slots(bool is_control) const;
    // Gives @request a new id and puts it into the ring, not yet visible to the backend. NoSpace
    // when no slot is left for it.
    Result<RequestId> push(wire::Request &request);
    // Makes pushed requests visible. True when the backend has to be notified (req_event).
    bool publish();
    // The requests that are not yet answered.
    uint32_t in_flight() const
    {
        return request_produced_ - response_consumed_;
    }

    // Whether there is a response, and takes it into @response. A violation in @violation means
    // that the ring must not be used any more.
    bool take(Response &response, Violation &violation);
    // What the last HwParamQuery that take() took was answered with: any numbers.
    const wire::HwParamQuery &hw_param() const
    {
        return hw_param_;
    }
    // Whether the last take() saw more than it took. Otherwise the next one looks whether there is.
    bool has_more() const
    {
        return response_produced_ != response_consumed_;
    }

    // Asks not to be notified about responses.
    void hold_off_notifications();
    // Asks to be notified about the next response. True when one is there already: no
    // notification may come for that one, so take() it, which has to be possible.
    bool request_notification();

  private:
    static constexpr uint32_t slot_mask = wire::ring_size - 1;
    static constexpr uint32_t slot_bits = 5;
    static constexpr uint16_t generation_mask = 0xffff >> slot_bits;
    static_assert(1u << slot_bits == wire::ring_size);

    // One request in flight. The generation in the upper bits of its id tells a response to it from
    // a late one to the request that had the slot before.
    struct Pending {
        uint16_t generation;
        wire::Operation operation;
        wire::TriggerType trigger;
        bool is_used;
    };

    static bool is_control(wire::Operation operation);
    // Whether the request of that id is not yet answered.
    bool is_pending(RequestId id) const;
    Violation check(const wire::ResponseHead &sent, Response &response);

    SharedPage<wire::RingPage> page_;
    uint32_t request_produced_ = 0;
    uint32_t request_published_ = 0;
    uint32_t response_produced_ = 0; // as the backend said, and checked, at the last look
    uint32_t response_consumed_ = 0;
    bool is_announced_ = false; // a response, by request_notification()
    wire::HwParamQuery hw_param_ = {};
    Pending pending_[wire::ring_size] = {};
};

} // namespace xen_front

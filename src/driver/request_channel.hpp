// SPDX-License-Identifier: GPL-2.0-only
// The requests of one stream: the request ring, the callers that wait for a response, and when
// the two ends notify each other. Knows nothing of PCM.
#pragma once

#include "driver/journal.hpp"
#include "driver/transport.hpp"
#include "kernel/lock.hpp"
#include "sndif/request_ring.hpp"

namespace xen_front {

// The stream's ring lock covers every call. Context: any.
class RequestChannel {
  public:
    // @changed is completed for the waiter; both outlive the channel.
    RequestChannel(Journal &journal, Completion &changed) : journal_(journal), changed_(changed)
    {
    }
    void attach(const Transport &transport);
    // Forgets all requests in flight.
    void detach();

    // Puts @request into the ring, where the backend does not see it yet. NoSpace.
    Result<RequestId> post(wire::Request &request);
    // Shows the backend what was posted since, and notifies it if it wants that.
    void publish();
    bool has_room() const
    {
        return ring_.free_slots(false) > 0;
    }

    // As RequestRing::take(). Wakes the waiter.
    bool take(Response &response, Violation &violation);
    // As RequestRing::has_more().
    bool has_more() const
    {
        return ring_.has_more();
    }
    // Whether responses were taken since the last call, by an interrupt or otherwise: then the
    // interrupt that announced them is not spurious.
    bool exchange_activity()
    {
        return exchange(has_activity_, false);
    }
    void hold_off_notifications()
    {
        ring_.hold_off_notifications();
    }
    bool request_notification()
    {
        return ring_.request_notification();
    }

    // ---- The waiter: one at a time, see Stream::wait_for() ----

    // Whether a caller sleeps until something changes.
    bool is_awaited() const
    {
        return is_awaited_;
    }
    void set_awaited(bool is_awaited)
    {
        is_awaited_ = is_awaited;
    }
    // Has the waiter look again.
    void wake()
    {
        if (is_awaited_)
            changed_.complete();
    }
    // The response to request @id is to be kept for its caller.
    void keep_response(RequestId id)
    {
        kept_.id = id;
        has_kept_ = false;
    }
    // Whether there is such a request, and its response has not come.
    bool is_kept_due() const
    {
        return !(kept_.id == RequestId()) && !has_kept_;
    }
    // nullptr when it has not come.
    const Response *kept_response() const
    {
        return has_kept_ ? &kept_ : nullptr;
    }
    // What it says, if it is one to HwParamQuery: any numbers.
    const wire::HwParamQuery &kept_hw_param() const
    {
        return kept_hw_param_;
    }

  private:
    RequestRing ring_;
    const Transport *transport_ = nullptr;
    Journal &journal_;
    Completion &changed_;
    Response kept_ = {};
    wire::HwParamQuery kept_hw_param_ = {};
    bool has_kept_ = false;
    // What is posted and not published.
    enum class Unpublished : uint8_t {
        Nothing,
        Transfers, // which may wait until the backend looks by itself
        Urgent, // something that may not
    };
    Unpublished unpublished_ = Unpublished::Nothing;
    bool has_activity_ = false;
    bool is_awaited_ = false;
};

} // namespace xen_front

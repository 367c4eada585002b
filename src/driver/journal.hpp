// SPDX-License-Identifier: GPL-2.0-only
// What happens to one stream, counted and, while somebody records it, traced.
#pragma once

#include "driver/round_trips.hpp"
#include "driver/statistics.hpp"
#include "kernel/lock.hpp"
#include "kernel/trace.hpp"
#include "sndif/position_tracker.hpp"

namespace xen_front {

// Not locked: the ring lock covers every call. Context: any.
class Journal {
  public:
    // Whose journal it is; before anything happens.
    void begin(const kshim_trace_stream &stream)
    {
        stream_ = stream;
    }

    void on_request(const wire::Request &request, RequestId id)
    {
        counts.on_request(request.operation);
        round_trips_.on_request(request, id, now_us);
        if (is_traced(KSHIM_TRACE_REQUEST))
            trace_request(request, id);
    }
    void on_answer(const Answer &answer)
    {
        counts.on_answer(answer);
        round_trips_.on_answer(answer, now_us);
        if (is_traced(KSHIM_TRACE_RESPONSE))
            trace_answer(answer);
    }
    // The backend reported @position.
    void on_event(Bytes position, FrameSize frame)
    {
        counts.events++;
        if (is_traced(KSHIM_TRACE_EVENT))
            trace_event(position, frame);
    }
    // Requests were published; the backend was notified if @is_sent.
    void on_notification(bool is_sent)
    {
        counts.on_notification(is_sent);
        if (is_traced(KSHIM_TRACE_NOTIFY))
            trace_notification(is_sent);
    }
    // ALSA is shown @position; it is told of a period that has ended if @is_elapsed.
    void on_position(const PositionTracker &position, Frames committed, bool is_elapsed) const
    {
        if (is_traced(KSHIM_TRACE_POSITION))
            trace_position(position, committed, is_elapsed);
    }
    // The stream is in @state now, which may be the one that it was in.
    void on_state(kshim_stream_state state)
    {
        const kshim_stream_state old_state = exchange(state_, state);
        if (old_state != state && is_traced(KSHIM_TRACE_STREAM_STATE))
            trace_state(old_state);
    }

    const RoundTripTimes &round_trips() const
    {
        return round_trips_;
    }

    Statistics counts; // what is counted only is counted here

  private:
    // Apart, so that what they need costs nothing while nobody records.
    [[gnu::cold, gnu::noinline]] void trace_request(const wire::Request &request,
                                                    RequestId id) const;
    [[gnu::cold, gnu::noinline]] void trace_answer(const Answer &answer) const;
    [[gnu::cold, gnu::noinline]] void trace_event(Bytes position, FrameSize frame) const;
    [[gnu::cold, gnu::noinline]] void trace_notification(bool is_sent) const;
    [[gnu::cold, gnu::noinline]] void trace_position(const PositionTracker &position,
                                                     Frames committed, bool is_elapsed) const;
    [[gnu::cold, gnu::noinline]] void trace_state(kshim_stream_state old_state) const;

    kshim_trace_stream stream_ = {};
    kshim_stream_state state_ = KSHIM_STREAM_DISCONNECTED;
    RoundTripTimes round_trips_;
};

} // namespace xen_front

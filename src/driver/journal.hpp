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

    void on_request(const wire::Request &request, RequestId id);
    void on_answer(const Answer &answer);
    // The backend reported @position.
    void on_event(Bytes position, FrameSize frame);
    // Requests were published; the backend was notified if @is_sent.
    void on_notification(bool is_sent);
    // ALSA is shown @position; it is told of a period that has ended if @is_elapsed.
    void on_position(const PositionTracker &position, Frames committed, bool is_elapsed) const
    {
        if (is_traced(KSHIM_TRACE_POSITION))
            record(position, committed, is_elapsed);
    }

    const RoundTripTimes &round_trips() const
    {
        return round_trips_;
    }

    Statistics counts; // what is counted only is counted here

  private:
    // Apart, so that the stack they need costs nothing while nobody records.
    [[gnu::cold, gnu::noinline]] void record(const wire::Request &request, RequestId id) const;
    [[gnu::cold, gnu::noinline]] void record(const PositionTracker &position, Frames committed,
                                             bool is_elapsed) const;

    kshim_trace_stream stream_ = {};
    RoundTripTimes round_trips_;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// What happens to one stream, counted and, while it is recorded, traced.
#pragma once

#include "driver/link.hpp"
#include "driver/statistics.hpp"
#include "driver/stream_run.hpp"
#include "kernel/trace.hpp"

namespace xen_front {

// Not locked: the ring lock covers every call. Context: any.
class Journal {
  public:
    explicit Journal(const kshim_trace_stream &stream) : stream_(stream)
    {
    }

    void on_request(const wire::Request &request)
    {
        counts.on_request(request.operation);
        if (is_traced(KSHIM_TRACE_REQUEST))
            trace_request(request);
    }
    void on_response(const Response &response)
    {
        counts.on_response(response);
        if (response.status == 0 && response.operation == refused_operation_)
            refused_status_ = 0;
        if (is_traced(KSHIM_TRACE_RESPONSE))
            trace_response(response);
    }
    // Whether @response, a refusal, should be logged: it differs from that of the last call, or the
    // operation has succeeded since.
    bool is_new_refusal(const Response &response)
    {
        const bool is_known =
            refused_operation_ == response.operation && refused_status_ == response.status;
        refused_operation_ = response.operation;
        refused_status_ = response.status;
        return !is_known;
    }
    // The backend reported @position to @run.
    void on_event(Bytes position, const StreamRun &run)
    {
        counts.events++;
        if (is_traced(KSHIM_TRACE_EVENT))
            trace_event(position, run);
    }
    // Requests were published; the backend was notified if @is_sent.
    void on_notification(bool is_sent)
    {
        counts.on_notification(is_sent);
        if (is_traced(KSHIM_TRACE_NOTIFY))
            trace_notification(is_sent);
    }
    // ALSA is told that a period of @run has elapsed.
    void on_position(const StreamRun &run) const
    {
        if (is_traced(KSHIM_TRACE_POSITION))
            trace_position(run);
    }
    // The run and the connection are in these states now, which may be those that they were in.
    void on_state(RunState run, Link link)
    {
        const bool is_same = run_ == run && link_ == link;
        run_ = run;
        link_ = link;
        if (is_same)
            return;
        if (is_traced(KSHIM_TRACE_STREAM_STATE))
            trace_state();
    }

    Statistics counts; // what is counted only is counted here

  private:
    // Apart, so that what they need costs nothing while no tracer records.
    [[gnu::cold, gnu::noinline]] void trace_request(const wire::Request &request) const;
    [[gnu::cold, gnu::noinline]] void trace_response(const Response &response) const;
    [[gnu::cold, gnu::noinline]] void trace_event(Bytes position, const StreamRun &run) const;
    [[gnu::cold, gnu::noinline]] void trace_notification(bool is_sent) const;
    [[gnu::cold, gnu::noinline]] void trace_position(const StreamRun &run) const;
    [[gnu::cold, gnu::noinline]] void trace_state() const;

    const kshim_trace_stream stream_;
    RunState run_ = RunState::Idle;
    Link link_ = Link::Absent;
    wire::Operation refused_operation_ = wire::Operation::Open; // last
    int32_t refused_status_ = 0; // 0: it has succeeded since
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// A stream as /proc/asound shows it.
#include "driver/report.hpp"
#include "driver/stream.hpp"

namespace xen_front {

kshim_stream_state Stream::state_of(const State &state)
{
    if (state.caretaker == nullptr)
        return KSHIM_STREAM_DISCONNECTED;
    if (state.is_broken)
        return KSHIM_STREAM_BROKEN;
    if (!is_attached(state))
        return state.substream ? KSHIM_STREAM_WAITING : KSHIM_STREAM_DISCONNECTED;
    if (state.is_stalled)
        return KSHIM_STREAM_STALLED;
    if (!state.substream)
        return KSHIM_STREAM_CLOSED;
    if (!state.is_open)
        return KSHIM_STREAM_OPEN;
    if (state.failure != Failure::None)
        return KSHIM_STREAM_FAILED;
    if (state.is_draining)
        return KSHIM_STREAM_DRAINING;
    return state.is_running ? KSHIM_STREAM_RUNNING : state.rest;
}

void Stream::note_state(State &state)
{
    state.journal.on_state(state_of(state));
}

void Stream::show(ProcText &out)
{
    StreamReport report;
    // A copy: printing may sleep.
    state_.with([&](State &state) {
        report.state = state_of(state);
        report.is_open = state.is_open;
        report.params = state.params;
        report.committed = state.committed;
        report.sent = state.frame.frames(state.cursor.sent());
        report.hardware = state.position.hardware();
        report.shown = state.position.shown();
        report.responses = state.journal.round_trips().count();
        report.statistics = state.journal.counts;
    });
    print(out, config_, report);
    // Copied one by one: all together are too much for the stack.
    for (uint8_t i = 0; i < wire::operation_count; i++) {
        const auto operation = static_cast<wire::Operation>(i);
        const RoundTrips round_trips =
            state_.with([&](State &state) { return state.journal.round_trips().of(operation); });
        print(out, operation, round_trips);
    }
}

Result<RequestId> Stream::push(State &state, const wire::Request &request)
{
    const RequestId id = TRY(state.ring.push(request));
    state.journal.on_request(request, id);
    return RequestId(id);
}

} // namespace xen_front

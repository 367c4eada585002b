// SPDX-License-Identifier: GPL-2.0-only
#include "fake/trace.hpp"

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

uint32_t kshim_traced;

namespace xen_front::fake {

namespace {

// The recording; a fault when that event is off.
Trace &recording(kshim_trace_event event)
{
    if ((kshim_traced_events() & (1u << event)) == 0)
        report_fault("a tracepoint was called while its event is not recorded");
    return Kernel::current().trace;
}

} // namespace

Trace::~Trace()
{
    stop();
}

void Trace::start()
{
    kshim_traced = (1u << (KSHIM_TRACE_STREAM_STATE + 1)) - 1;
}

void Trace::stop()
{
    kshim_traced = 0;
}

} // namespace xen_front::fake

using xen_front::fake::recording;

void kshim_record_request(const kshim_trace_stream *stream, const kshim_trace_request *request)
{
    recording(KSHIM_TRACE_REQUEST).requests.emplace_back(*stream, *request);
}

void kshim_record_response(const kshim_trace_stream *stream, uint16_t id, uint8_t operation,
                           int32_t status)
{
    recording(KSHIM_TRACE_RESPONSE).responses.push_back({ *stream, id, operation, status });
}

void kshim_record_notification(const kshim_trace_stream *stream, bool is_sent)
{
    recording(KSHIM_TRACE_NOTIFY).notifications.emplace_back(*stream, is_sent);
}

void kshim_record_event(const kshim_trace_stream *stream, uint64_t bytes, uint64_t frames)
{
    recording(KSHIM_TRACE_EVENT).events.push_back({ *stream, bytes, frames });
}

void kshim_record_position(const kshim_trace_stream *stream, const kshim_trace_position *position)
{
    recording(KSHIM_TRACE_POSITION).positions.emplace_back(*stream, *position);
}

void kshim_record_state(uint32_t card, uint32_t frontend, uint32_t backend)
{
    recording(KSHIM_TRACE_STATE).states.push_back({ card, frontend, backend });
}

void kshim_record_stream_state(const kshim_trace_stream *stream, const char *run, const char *link)
{
    recording(KSHIM_TRACE_STREAM_STATE).stream_states.push_back({ *stream, run, link });
}

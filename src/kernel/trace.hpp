// SPDX-License-Identifier: GPL-2.0-only
// Tracepoints. An event that no tracer records costs one look at a word of memory.
#pragma once

#include "kshim/trace.h"

namespace xen_front {

// Whether a tracer records events of that kind. Context: any.
inline bool is_traced(kshim_trace_event event)
{
    const uint32_t traced = kshim_traced_events();
    return __builtin_expect((traced & (1u << event)) != 0, 0);
}

// ---- For events that are traced. Context: any. ----

inline void record_request(const kshim_trace_stream &stream, const kshim_trace_request &request)
{
    kshim_record_request(&stream, &request);
}
inline void record_response(const kshim_trace_stream &stream, uint16_t id, uint8_t operation,
                            int32_t status)
{
    kshim_record_response(&stream, id, operation, status);
}
inline void record_notification(const kshim_trace_stream &stream, bool is_sent)
{
    kshim_record_notification(&stream, is_sent);
}
inline void record_event(const kshim_trace_stream &stream, uint64_t bytes, uint64_t frames)
{
    kshim_record_event(&stream, bytes, frames);
}
inline void record_position(const kshim_trace_stream &stream, const kshim_trace_position &position)
{
    kshim_record_position(&stream, &position);
}
inline void record_state(uint32_t card, uint32_t frontend, uint32_t backend)
{
    kshim_record_state(card, frontend, backend);
}
inline void record_stream_state(const kshim_trace_stream &stream, const char *run, const char *link)
{
    kshim_record_stream_state(&stream, run, link);
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/trace.h over the kernel's tracepoints. */
#include <linux/bits.h>
#include <linux/compiler.h>

#include "kshim/trace.h"

#define CREATE_TRACE_POINTS
#include "tracepoints.h"

uint32_t kshim_traced;

static void set_traced(enum kshim_trace_event event, bool is_on)
{
	WRITE_ONCE(kshim_traced, is_on ? kshim_traced | BIT(event) : kshim_traced & ~BIT(event));
}

int shim_trace_request_on(void)
{
	set_traced(KSHIM_TRACE_REQUEST, true);
	return 0;
}

void shim_trace_request_off(void)
{
	set_traced(KSHIM_TRACE_REQUEST, false);
}

int shim_trace_response_on(void)
{
	set_traced(KSHIM_TRACE_RESPONSE, true);
	return 0;
}

void shim_trace_response_off(void)
{
	set_traced(KSHIM_TRACE_RESPONSE, false);
}

int shim_trace_notify_on(void)
{
	set_traced(KSHIM_TRACE_NOTIFY, true);
	return 0;
}

void shim_trace_notify_off(void)
{
	set_traced(KSHIM_TRACE_NOTIFY, false);
}

int shim_trace_event_on(void)
{
	set_traced(KSHIM_TRACE_EVENT, true);
	return 0;
}

void shim_trace_event_off(void)
{
	set_traced(KSHIM_TRACE_EVENT, false);
}

int shim_trace_position_on(void)
{
	set_traced(KSHIM_TRACE_POSITION, true);
	return 0;
}

void shim_trace_position_off(void)
{
	set_traced(KSHIM_TRACE_POSITION, false);
}

int shim_trace_state_on(void)
{
	set_traced(KSHIM_TRACE_STATE, true);
	return 0;
}

void shim_trace_state_off(void)
{
	set_traced(KSHIM_TRACE_STATE, false);
}

int shim_trace_stream_state_on(void)
{
	set_traced(KSHIM_TRACE_STREAM_STATE, true);
	return 0;
}

void shim_trace_stream_state_off(void)
{
	set_traced(KSHIM_TRACE_STREAM_STATE, false);
}

void kshim_record_request(const struct kshim_trace_stream *stream,
			  const struct kshim_trace_request *request)
{
	trace_xen_front_request(stream, request);
}

void kshim_record_response(const struct kshim_trace_stream *stream, uint16_t id, uint8_t operation,
			   int32_t status)
{
	trace_xen_front_response(stream, id, operation, status);
}

void kshim_record_notification(const struct kshim_trace_stream *stream, bool is_sent)
{
	trace_xen_front_notify(stream, is_sent);
}

void kshim_record_event(const struct kshim_trace_stream *stream, uint64_t bytes, uint64_t frames)
{
	trace_xen_front_event(stream, bytes, frames);
}

void kshim_record_position(const struct kshim_trace_stream *stream,
			   const struct kshim_trace_position *position)
{
	trace_xen_front_position(stream, position);
}

void kshim_record_state(uint32_t card, uint32_t frontend, uint32_t backend)
{
	trace_xen_front_state(card, frontend, backend);
}

void kshim_record_stream_state(const struct kshim_trace_stream *stream, const char *run,
			       const char *link)
{
	trace_xen_front_stream_state(stream, run, link);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints: what tracefs shows as events/xen_front/. */
#ifndef KSHIM_TRACE_H
#define KSHIM_TRACE_H

#include "kshim/pcm.h"
#include "kshim/types.h"

KSHIM_BEGIN_DECLS

enum kshim_trace_event {
	KSHIM_TRACE_REQUEST,
	KSHIM_TRACE_RESPONSE,
	KSHIM_TRACE_NOTIFY,
	KSHIM_TRACE_EVENT,
	KSHIM_TRACE_POSITION,
	KSHIM_TRACE_STATE,
	KSHIM_TRACE_STREAM_STATE,
};

/*
 * The events that are being recorded, as bits. Callers that have to prepare arguments for one look
 * here first: that is all that an event costs which is not recorded. Written by the shim only; read
 * without a lock.
 */
extern uint32_t kshim_traced;

/* KSHIM_WITHOUT_TRACEPOINTS is how to measure what they cost, and for kernels that have none. */
static inline uint32_t kshim_traced_events(void)
{
#ifdef KSHIM_WITHOUT_TRACEPOINTS
	return 0;
#else
	return __atomic_load_n(&kshim_traced, __ATOMIC_RELAXED);
#endif
}

/* Whose event it is: the numbers of the nodes in XenStore. */
struct kshim_trace_stream {
	uint32_t card;
	uint32_t device;
	uint32_t number;
	enum kshim_direction direction;
};

/* A request in the ring; what an operation has no use for is 0. */
struct kshim_trace_request {
	uint16_t id;
	uint8_t operation; /* XENSND_OP_* */
	uint8_t trigger; /* XENSND_OP_TRIGGER_*, or KSHIM_TRACE_NO_TRIGGER */
	uint32_t offset; /* bytes of the buffer */
	uint32_t length; /* likewise; of OPEN, the whole buffer's */
};

#define KSHIM_TRACE_NO_TRIGGER 255

/* Room for the longest name of a state and its NUL. */
#define KSHIM_TRACE_STATE_SIZE 12

/* Where the stream is when the driver tells ALSA of a period, in frames since prepare. */
struct kshim_trace_position {
	uint64_t hardware; /* where the backend is */
	uint64_t shown; /* what ALSA has seen of that so far */
	uint64_t committed; /* where the application is */
};

/* ---- Context: any ---- */

void kshim_record_request(const struct kshim_trace_stream *stream,
			  const struct kshim_trace_request *request);
void kshim_record_response(const struct kshim_trace_stream *stream, uint16_t id, uint8_t operation,
			   int32_t status);
/* Requests were published, and the backend was notified if it wanted to be. */
void kshim_record_notification(const struct kshim_trace_stream *stream, bool is_sent);
/* The backend reported a position: in bytes, which are so many whole frames. */
void kshim_record_event(const struct kshim_trace_stream *stream, uint64_t bytes, uint64_t frames);
void kshim_record_position(const struct kshim_trace_stream *stream,
			   const struct kshim_trace_position *position);
/* The states of both ends of the connection are these now: enum xenbus_state, or any number. */
void kshim_record_state(uint32_t card, uint32_t frontend, uint32_t backend);
/* The stream's run and its connection are in the states of these names now. */
void kshim_record_stream_state(const struct kshim_trace_stream *stream, const char *run,
			       const char *link);

KSHIM_END_DECLS

#endif

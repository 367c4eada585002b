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
 * The events that somebody records, as bits. Whoever prepares arguments for one looks here first:
 * that is all that an event costs which nobody records. Written by the shim only; read without a
 * lock.
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

/* What its backend and an application have made of a stream. */
enum kshim_stream_state {
	KSHIM_STREAM_DISCONNECTED, /* it has no backend */
	KSHIM_STREAM_WAITING, /* likewise, and an application waits for one */
	KSHIM_STREAM_CLOSED, /* no application has it open */
	KSHIM_STREAM_OPEN, /* one has, but not the backend */
	KSHIM_STREAM_PREPARED, /* OPEN was answered; it was not started since */
	KSHIM_STREAM_RUNNING,
	KSHIM_STREAM_DRAINING,
	KSHIM_STREAM_PAUSED,
	KSHIM_STREAM_STOPPED,
	KSHIM_STREAM_FAILED, /* the driver found an xrun or an error; until it is prepared */
	KSHIM_STREAM_STALLED, /* the backend owes a sign of life */
	KSHIM_STREAM_BROKEN, /* the backend broke the protocol */
};

/* A position that ALSA was shown, in frames since OPEN. */
struct kshim_trace_position {
	uint64_t hardware; /* the backend's */
	uint64_t shown;
	uint64_t committed; /* the application's */
	bool is_elapsed; /* ALSA was told that a period has ended */
};

/* ---- Context: any ---- */

void kshim_record_request(const struct kshim_trace_stream *stream,
			  const struct kshim_trace_request *request);
void kshim_record_response(const struct kshim_trace_stream *stream, uint16_t id, uint8_t operation,
			   int32_t status);
/* Requests were published; the backend was notified, or did not want to be. */
void kshim_record_notification(const struct kshim_trace_stream *stream, bool is_sent);
/* The backend reported a position: in bytes, which are so many whole frames. */
void kshim_record_event(const struct kshim_trace_stream *stream, uint64_t bytes, uint64_t frames);
void kshim_record_position(const struct kshim_trace_stream *stream,
			   const struct kshim_trace_position *position);
/* The states of both ends of the connection are these now: enum xenbus_state, or any number. */
void kshim_record_state(uint32_t card, uint32_t frontend, uint32_t backend);
void kshim_record_stream_state(const struct kshim_trace_stream *stream,
			       enum kshim_stream_state old_state,
			       enum kshim_stream_state new_state);

KSHIM_END_DECLS

#endif

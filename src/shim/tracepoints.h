/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracepoints behind include/kshim/trace.h. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_front

#if !defined(XEN_FRONT_TRACEPOINTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define XEN_FRONT_TRACEPOINTS_H

#include <linux/tracepoint.h>
#include <xen/interface/io/sndif.h>
#include <xen/interface/io/xenbus.h>

#include "kshim/trace.h"

/* The kernel tells, under a lock of its own, when the first reader comes and the last one goes. */
int shim_trace_request_on(void);
void shim_trace_request_off(void);
int shim_trace_response_on(void);
void shim_trace_response_off(void);
int shim_trace_notify_on(void);
void shim_trace_notify_off(void);
int shim_trace_event_on(void);
void shim_trace_event_off(void);
int shim_trace_position_on(void);
void shim_trace_position_off(void);
int shim_trace_state_on(void);
void shim_trace_state_off(void);
int shim_trace_stream_state_on(void);
void shim_trace_stream_state_off(void);

#define show_operation(operation)                                                                  \
	__print_symbolic(operation, { XENSND_OP_OPEN, "OPEN" }, { XENSND_OP_CLOSE, "CLOSE" },      \
			 { XENSND_OP_READ, "READ" }, { XENSND_OP_WRITE, "WRITE" },                 \
			 { XENSND_OP_SET_VOLUME, "SET_VOLUME" },                                   \
			 { XENSND_OP_GET_VOLUME, "GET_VOLUME" }, { XENSND_OP_MUTE, "MUTE" },       \
			 { XENSND_OP_UNMUTE, "UNMUTE" }, { XENSND_OP_TRIGGER, "TRIGGER" },         \
			 { XENSND_OP_HW_PARAM_QUERY, "HW_PARAM_QUERY" })

#define show_trigger(trigger)                                                                      \
	__print_symbolic(trigger, { XENSND_OP_TRIGGER_START, "START" },                            \
			 { XENSND_OP_TRIGGER_PAUSE, "PAUSE" }, { XENSND_OP_TRIGGER_STOP, "STOP" }, \
			 { XENSND_OP_TRIGGER_RESUME, "RESUME" }, { KSHIM_TRACE_NO_TRIGGER, "-" })

TRACE_DEFINE_ENUM(XenbusStateUnknown);
TRACE_DEFINE_ENUM(XenbusStateInitialising);
TRACE_DEFINE_ENUM(XenbusStateInitWait);
TRACE_DEFINE_ENUM(XenbusStateInitialised);
TRACE_DEFINE_ENUM(XenbusStateConnected);
TRACE_DEFINE_ENUM(XenbusStateClosing);
TRACE_DEFINE_ENUM(XenbusStateClosed);
TRACE_DEFINE_ENUM(XenbusStateReconfiguring);
TRACE_DEFINE_ENUM(XenbusStateReconfigured);

#define show_state(state)                                                                          \
	__print_symbolic(state, { XenbusStateUnknown, "Unknown" },                                 \
			 { XenbusStateInitialising, "Initialising" },                              \
			 { XenbusStateInitWait, "InitWait" },                                      \
			 { XenbusStateInitialised, "Initialised" },                                \
			 { XenbusStateConnected, "Connected" },                                    \
			 { XenbusStateClosing, "Closing" }, { XenbusStateClosed, "Closed" },       \
			 { XenbusStateReconfiguring, "Reconfiguring" },                            \
			 { XenbusStateReconfigured, "Reconfigured" })

/* What the events of streams have in common. */
#define STREAM_ENTRY                                                                               \
	__field(u32, card)                                                                         \
	__field(u32, device)                                                                       \
	__field(u32, number)                                                                       \
	__field(u8, direction)
#define STREAM_ASSIGN                                                                              \
	__entry->card = stream->card;                                                              \
	__entry->device = stream->device;                                                          \
	__entry->number = stream->number;                                                          \
	__entry->direction = stream->direction
#define STREAM_FORMAT "card=%u stream=%u/%u dir=%s"
#define STREAM_ARGUMENTS                                                                           \
	__entry->card, __entry->device, __entry->number,                                           \
		__print_symbolic(__entry->direction, { 0, "playback" }, { 1, "capture" })

TRACE_EVENT_FN(xen_front_request,
	TP_PROTO(const struct kshim_trace_stream *stream,
		 const struct kshim_trace_request *request),
	TP_ARGS(stream, request),
	TP_STRUCT__entry(
		STREAM_ENTRY
		__field(u16, id)
		__field(u8, operation)
		__field(u8, trigger)
		__field(u32, offset)
		__field(u32, length)
	),
	TP_fast_assign(
		STREAM_ASSIGN;
		__entry->id = request->id;
		__entry->operation = request->operation;
		__entry->trigger = request->trigger;
		__entry->offset = request->offset;
		__entry->length = request->length;
	),
	TP_printk(STREAM_FORMAT " id=%u op=%s trigger=%s offset=%u length=%u", STREAM_ARGUMENTS,
		  __entry->id, show_operation(__entry->operation), show_trigger(__entry->trigger),
		  __entry->offset, __entry->length),
	shim_trace_request_on, shim_trace_request_off
);

TRACE_EVENT_FN(xen_front_response,
	TP_PROTO(const struct kshim_trace_stream *stream, u16 id, u8 operation, s32 status),
	TP_ARGS(stream, id, operation, status),
	TP_STRUCT__entry(
		STREAM_ENTRY
		__field(u8, operation)
		__field(u16, id)
		__field(s32, status)
	),
	TP_fast_assign(
		STREAM_ASSIGN;
		__entry->operation = operation;
		__entry->id = id;
		__entry->status = status;
	),
	TP_printk(STREAM_FORMAT " id=%u op=%s status=%d", STREAM_ARGUMENTS, __entry->id,
		  show_operation(__entry->operation), __entry->status),
	shim_trace_response_on, shim_trace_response_off
);

TRACE_EVENT_FN(xen_front_notify,
	TP_PROTO(const struct kshim_trace_stream *stream, bool is_sent),
	TP_ARGS(stream, is_sent),
	TP_STRUCT__entry(
		STREAM_ENTRY
		__field(bool, is_sent)
	),
	TP_fast_assign(
		STREAM_ASSIGN;
		__entry->is_sent = is_sent;
	),
	TP_printk(STREAM_FORMAT " sent=%d", STREAM_ARGUMENTS, __entry->is_sent),
	shim_trace_notify_on, shim_trace_notify_off
);

TRACE_EVENT_FN(xen_front_event,
	TP_PROTO(const struct kshim_trace_stream *stream, u64 bytes, u64 frames),
	TP_ARGS(stream, bytes, frames),
	TP_STRUCT__entry(
		STREAM_ENTRY
		__field(u64, bytes)
		__field(u64, frames)
	),
	TP_fast_assign(
		STREAM_ASSIGN;
		__entry->bytes = bytes;
		__entry->frames = frames;
	),
	TP_printk(STREAM_FORMAT " position=%llu frames=%llu", STREAM_ARGUMENTS, __entry->bytes,
		  __entry->frames),
	shim_trace_event_on, shim_trace_event_off
);

TRACE_EVENT_FN(xen_front_position,
	TP_PROTO(const struct kshim_trace_stream *stream,
		 const struct kshim_trace_position *position),
	TP_ARGS(stream, position),
	TP_STRUCT__entry(
		STREAM_ENTRY
		__field(u64, hardware)
		__field(u64, shown)
		__field(u64, committed)
	),
	TP_fast_assign(
		STREAM_ASSIGN;
		__entry->hardware = position->hardware;
		__entry->shown = position->shown;
		__entry->committed = position->committed;
	),
	TP_printk(STREAM_FORMAT " hardware=%llu shown=%llu committed=%llu", STREAM_ARGUMENTS,
		  __entry->hardware, __entry->shown, __entry->committed),
	shim_trace_position_on, shim_trace_position_off
);

TRACE_EVENT_FN(xen_front_state,
	TP_PROTO(u32 card, u32 frontend, u32 backend),
	TP_ARGS(card, frontend, backend),
	TP_STRUCT__entry(
		__field(u32, card)
		__field(u32, frontend)
		__field(u32, backend)
	),
	TP_fast_assign(
		__entry->card = card;
		__entry->frontend = frontend;
		__entry->backend = backend;
	),
	TP_printk("card=%u frontend=%s backend=%s", __entry->card, show_state(__entry->frontend),
		  show_state(__entry->backend)),
	shim_trace_state_on, shim_trace_state_off
);

TRACE_EVENT_FN(xen_front_stream_state,
	TP_PROTO(const struct kshim_trace_stream *stream, const char *run, const char *link),
	TP_ARGS(stream, run, link),
	TP_STRUCT__entry(
		STREAM_ENTRY
		__array(char, run, KSHIM_TRACE_STATE_SIZE)
		__array(char, link, KSHIM_TRACE_STATE_SIZE)
	),
	TP_fast_assign(
		STREAM_ASSIGN;
		strscpy(__entry->run, run, KSHIM_TRACE_STATE_SIZE);
		strscpy(__entry->link, link, KSHIM_TRACE_STATE_SIZE);
	),
	TP_printk(STREAM_FORMAT " run=%s link=%s", STREAM_ARGUMENTS, __entry->run, __entry->link),
	shim_trace_stream_state_on, shim_trace_stream_state_off
);

#endif

/* Outside of what is read once. Kbuild has the compiler look for it here. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tracepoints
#include <trace/define_trace.h>

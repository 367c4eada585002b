/* SPDX-License-Identifier: GPL-2.0-only */
/* Event channels: interrupts from, and notifications to, the domain at the other end. */
#ifndef KSHIM_EVENT_CHANNEL_H
#define KSHIM_EVENT_CHANNEL_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_xenbus_device;
struct kshim_event_channel;

/* What an interrupt handler found, which decides when the channel may interrupt again. */
enum kshim_event_result {
	KSHIM_EVENT_HANDLED, /* there was work: acknowledge at once */
	/* There was none: acknowledge at once or a tick late, or 10 ms after eight in a row. */
	KSHIM_EVENT_SPURIOUS,
	KSHIM_EVENT_BROKEN, /* the other end misbehaves: do not acknowledge, hear no more of it */
};

/* Context: interrupt. */
typedef enum kshim_event_result (*kshim_event_handler)(void *context);

/*
 * Allocates an event channel to the other end of @device and has @handler called for its events.
 * @name is copied; it is shown in /proc/interrupts. 0 or a negative errno.
 * Context: may sleep. @handler may run before this returns.
 */
KSHIM_MUST_CHECK int kshim_event_channel_open(struct kshim_xenbus_device *device, const char *name,
					      kshim_event_handler handler, void *context,
					      struct kshim_event_channel **channel);
/* The port number that the other end has to bind. */
uint32_t kshim_event_channel_port(const struct kshim_event_channel *channel);
/* Interrupts the other end. Context: any. */
void kshim_event_channel_notify(struct kshim_event_channel *channel);
/*
 * Keeps events of the other end from interrupting until kshim_event_channel_unmask(), which
 * delivers one interrupt if any came. Context: any; the caller serialises calls for a channel.
 */
void kshim_event_channel_mask(struct kshim_event_channel *channel);
/* Not masked when it is opened. Only after a mask. Context: as above. */
void kshim_event_channel_unmask(struct kshim_event_channel *channel);
/* Returns once no handler that was running before this call still runs. Context: may sleep. */
void kshim_event_channel_synchronize(struct kshim_event_channel *channel);
/* Closes the channel; no handler runs once this has returned. Context: may sleep. */
void kshim_event_channel_close(struct kshim_event_channel *channel);

KSHIM_END_DECLS

#endif

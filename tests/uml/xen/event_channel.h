/* SPDX-License-Identifier: GPL-2.0-only */
/* One event channel between the guest and a client. */
#ifndef FAKE_XEN_EVENT_CHANNEL_H
#define FAKE_XEN_EVENT_CHANNEL_H

#include <linux/list.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct fake_client;

enum {
	FAKE_MASK_EXPLICIT = 1, /* by disable_irq() */
	FAKE_MASK_EOI = 2, /* until xen_irq_lateeoi() */
};

struct fake_channel {
	struct list_head list;
	u32 port;
	unsigned int irq; /* 0: not bound */
	bool is_closed; /* by the guest */
	bool is_severed; /* the guest was restored: the other end is gone */
	struct fake_client *client; /* at the other end; NULL: none */
	bool is_notified; /* the client has to be told */

	raw_spinlock_t lock; /* for what follows */
	bool is_pending;
	unsigned int mask;
	bool is_active;
	bool is_kicked; /* another processor was told to look */
	bool was_spurious;
	u64 interrupts;
	u64 spurious;

	call_single_data_t kick;
	struct delayed_work late_eoi;
	struct work_struct redelivery;
};

/* The channel of a port that the guest has open, NULL if there is none. Context: any. */
struct fake_channel *fake_channel_find(u32 port);
void fake_channel_interrupt_init(struct fake_channel *channel);
/* The channel that an interrupt was bound to, NULL if none. Context: any. */
struct fake_channel *fake_channel_of_irq(unsigned int irq);
/* Interrupts the guest if an event is pending and may get through. Context: process. */
void fake_channel_deliver(struct fake_channel *channel);
void fake_channel_unmask(struct fake_channel *channel, unsigned int reason);
void fake_late_eoi_init(struct fake_channel *channel);

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * End of interrupt, which holds off those who cause interrupts for nothing: of two in a row the
 * second ends a tick late. Linux means the delay to double, but forgets the count when it is over.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <xen/events.h>

#include "event_channel.h"
#include "internal.h"

static void finish(struct fake_channel *channel)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&channel->lock, flags);
	channel->is_active = false;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
	fake_channel_unmask(channel, FAKE_MASK_EOI);
}

static void finish_late(struct work_struct *work)
{
	struct fake_channel *channel =
		container_of(to_delayed_work(work), struct fake_channel, late_eoi);

	channel->was_spurious = false;
	finish(channel);
	fake_channel_deliver(channel);
}

void fake_late_eoi_init(struct fake_channel *channel)
{
	INIT_DELAYED_WORK(&channel->late_eoi, finish_late);
}

void xen_irq_lateeoi(unsigned int irq, unsigned int flags)
{
	struct fake_channel *channel = fake_channel_of_irq(irq);
	bool is_spurious = flags & XEN_EOI_FLAG_SPURIOUS;

	if (!channel)
		return;
	channel->spurious += is_spurious;
	if (is_spurious && channel->was_spurious) {
		schedule_delayed_work(&channel->late_eoi, 1);
		return;
	}
	channel->was_spurious = is_spurious;
	finish(channel);
}
EXPORT_SYMBOL_GPL(xen_irq_lateeoi);

// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel sees of an event channel: an interrupt, on another processor if there is one. */
#include <linux/cpumask.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/rcupdate.h>
#include <xen/events.h>

#include "event_channel.h"

struct fake_channel *fake_channel_of_irq(unsigned int irq)
{
	return irq_get_chip_data(irq);
}

/* What the hypervisor's upcall does. Context: interrupt, off. */
static void upcall(struct fake_channel *channel)
{
	bool may_run = true;

	while (may_run) {
		unsigned long flags;
		unsigned int irq;

		raw_spin_lock_irqsave(&channel->lock, flags);
		irq = channel->irq;
		may_run = irq && channel->is_pending && !channel->mask && !channel->is_active;
		channel->is_active |= may_run;
		channel->interrupts += may_run;
		raw_spin_unlock_irqrestore(&channel->lock, flags);
		if (may_run)
			generic_handle_irq(irq);
	}
}

static void kicked(void *data)
{
	struct fake_channel *channel = data;
	unsigned long flags;

	raw_spin_lock_irqsave(&channel->lock, flags);
	channel->is_kicked = false;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
	upcall(channel);
}

/* Whether this call has to kick: a kick that is under way already will see the event. */
static bool begin_kick(struct fake_channel *channel)
{
	unsigned long flags;
	bool is_first;

	raw_spin_lock_irqsave(&channel->lock, flags);
	is_first = !channel->is_kicked;
	channel->is_kicked = true;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
	return is_first;
}

void fake_channel_deliver(struct fake_channel *channel)
{
	unsigned int processor;
	unsigned long flags;

	preempt_disable();
	processor = cpumask_any_but(cpu_online_mask, smp_processor_id());
	if (processor < nr_cpu_ids) {
		if (begin_kick(channel))
			smp_call_function_single_async(processor, &channel->kick);
	} else {
		local_irq_save(flags);
		__irq_enter_raw();
		upcall(channel);
		__irq_exit_raw();
		local_irq_restore(flags);
	}
	preempt_enable();
}

/* Those who unmask are handlers, whose upcall looks again, or deliver themselves. */
void fake_channel_unmask(struct fake_channel *channel, unsigned int reason)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&channel->lock, flags);
	channel->mask &= ~reason;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
}

static void mask(struct fake_channel *channel, unsigned int reason, bool is_acknowledged)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&channel->lock, flags);
	channel->mask |= reason;
	if (is_acknowledged)
		channel->is_pending = false;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
}

static void chip_mask(struct irq_data *data)
{
	mask(irq_data_get_irq_chip_data(data), FAKE_MASK_EXPLICIT, false);
}

static void redeliver(struct work_struct *work)
{
	fake_channel_deliver(container_of(work, struct fake_channel, redelivery));
}

/* Called with interrupts off and the descriptor's lock held, unlike an upcall. */
static void chip_unmask(struct irq_data *data)
{
	struct fake_channel *channel = irq_data_get_irq_chip_data(data);

	fake_channel_unmask(channel, FAKE_MASK_EXPLICIT);
	if (READ_ONCE(channel->is_pending))
		schedule_work(&channel->redelivery);
}

static void chip_ack(struct irq_data *data)
{
	mask(irq_data_get_irq_chip_data(data), FAKE_MASK_EOI, true);
}

static void chip_mask_ack(struct irq_data *data)
{
	struct fake_channel *channel = irq_data_get_irq_chip_data(data);

	mask(channel, FAKE_MASK_EXPLICIT, false);
	WRITE_ONCE(channel->is_active, false);
}

static struct irq_chip chip = {
	.name = "fake-xen",
	.irq_disable = chip_mask,
	.irq_mask = chip_mask,
	.irq_unmask = chip_unmask,
	.irq_ack = chip_ack,
	.irq_mask_ack = chip_mask_ack,
};

void fake_channel_interrupt_init(struct fake_channel *channel)
{
	INIT_CSD(&channel->kick, kicked, channel);
	INIT_WORK(&channel->redelivery, redeliver);
	fake_late_eoi_init(channel);
}

int bind_evtchn_to_irq_lateeoi(evtchn_port_t port)
{
	struct fake_channel *channel = fake_channel_find(port);
	int irq;

	if (!channel)
		return -ENOENT;
	irq = irq_alloc_desc(0);
	if (irq < 0)
		return irq;
	irq_set_chip_data(irq, channel);
	irq_set_chip_and_handler_name(irq, &chip, handle_edge_irq, "event");
	channel->irq = irq;
	return irq;
}
EXPORT_SYMBOL_GPL(bind_evtchn_to_irq_lateeoi);

void notify_remote_via_irq(int irq)
{
	struct fake_channel *channel = fake_channel_of_irq(irq);

	/* After a restore an interrupt has no port. */
	if (!channel->is_severed)
		notify_remote_via_evtchn(channel->port);
}
EXPORT_SYMBOL_GPL(notify_remote_via_irq);

/* For one whose interrupt could not be requested. */
void evtchn_put(evtchn_port_t port)
{
	struct fake_channel *channel = fake_channel_find(port);

	irq_free_desc(channel->irq);
	channel->irq = 0;
	WRITE_ONCE(channel->is_closed, true);
}
EXPORT_SYMBOL_GPL(evtchn_put);

void unbind_from_irqhandler(unsigned int irq, void *data)
{
	struct fake_channel *channel = fake_channel_of_irq(irq);
	unsigned long flags;

	raw_spin_lock_irqsave(&channel->lock, flags);
	channel->irq = 0;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
	/* An upcall on another processor, with interrupts off, may have seen the number before. */
	synchronize_rcu();
	free_irq(irq, data);
	cancel_delayed_work_sync(&channel->late_eoi);
	cancel_work_sync(&channel->redelivery);
	irq_free_desc(irq);
	WRITE_ONCE(channel->is_closed, true);
}
EXPORT_SYMBOL_GPL(unbind_from_irqhandler);

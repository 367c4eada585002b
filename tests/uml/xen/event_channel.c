// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event channels. An event that a client sends interrupts the guest, on another processor if there
 * is one; an event of the guest's wakes the client up.
 */
#include <linux/cpumask.h>
#include <linux/hardirq.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <xen/events.h>

#include "event_channel.h"
#include "internal.h"

/* Guards the list and what is not guarded by a channel's own lock. */
static DEFINE_RAW_SPINLOCK(channels_lock);
static LIST_HEAD(channels);
static u32 next_port = 17;

/* channels_lock is held. */
static struct fake_channel *find(u32 port)
{
	struct fake_channel *channel;

	list_for_each_entry(channel, &channels, list) {
		if (channel->port == port)
			return channel;
	}
	return NULL;
}

static struct fake_channel *find_open(u32 port)
{
	struct fake_channel *channel;
	unsigned long flags;

	raw_spin_lock_irqsave(&channels_lock, flags);
	channel = find(port);
	if (channel && channel->is_closed)
		channel = NULL;
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return channel;
}

struct fake_channel *fake_channel_of_irq(unsigned int irq)
{
	return irq_get_chip_data(irq);
}

/* ---- towards the guest */

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

/* ---- what drivers call */

int xenbus_alloc_evtchn(struct xenbus_device *device, evtchn_port_t *port)
{
	struct fake_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL);
	unsigned long flags;

	if (!channel)
		return -ENOMEM;
	raw_spin_lock_init(&channel->lock);
	INIT_CSD(&channel->kick, kicked, channel);
	INIT_WORK(&channel->redelivery, redeliver);
	fake_late_eoi_init(channel);
	raw_spin_lock_irqsave(&channels_lock, flags);
	channel->port = next_port++;
	list_add_tail(&channel->list, &channels);
	*port = channel->port;
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return 0;
}
EXPORT_SYMBOL_GPL(xenbus_alloc_evtchn);

/* The memory stays until the module goes: a client may still know the port. */
int xenbus_free_evtchn(struct xenbus_device *device, evtchn_port_t port)
{
	struct fake_channel *channel = find_open(port);

	if (!channel)
		return -ENOENT;
	WRITE_ONCE(channel->is_closed, true);
	return 0;
}
EXPORT_SYMBOL_GPL(xenbus_free_evtchn);

int bind_evtchn_to_irqhandler_lateeoi(evtchn_port_t port, irq_handler_t handler,
				      unsigned long irq_flags, const char *name, void *data)
{
	struct fake_channel *channel = find_open(port);
	int irq;
	int ret;

	if (!channel)
		return -ENOENT;
	irq = irq_alloc_desc(0);
	if (irq < 0)
		return irq;
	irq_set_chip_data(irq, channel);
	irq_set_chip_and_handler_name(irq, &chip, handle_edge_irq, "event");
	channel->irq = irq;
	ret = request_irq(irq, handler, irq_flags, name, data);
	if (ret) {
		channel->irq = 0;
		irq_free_desc(irq);
		return ret;
	}
	return irq;
}
EXPORT_SYMBOL_GPL(bind_evtchn_to_irqhandler_lateeoi);

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

int HYPERVISOR_event_channel_op(int command, void *argument)
{
	struct evtchn_send *send = argument;
	struct fake_channel *channel;
	unsigned long flags;

	if (WARN_ON(command != EVTCHNOP_send))
		return -ENOSYS;
	raw_spin_lock_irqsave(&channels_lock, flags);
	channel = find(send->port);
	if (channel && !channel->is_closed && !channel->is_severed) {
		channel->is_notified = true;
		if (channel->client)
			fake_client_wake(channel->client);
	}
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return channel ? 0 : -EINVAL;
}
EXPORT_SYMBOL_GPL(HYPERVISOR_event_channel_op);

/* ---- clients */

int fake_client_bind(struct fake_client *client, u32 port)
{
	struct fake_channel *channel;
	unsigned long flags;
	int ret = -ENOENT;

	raw_spin_lock_irqsave(&channels_lock, flags);
	channel = find(port);
	if (channel && !channel->is_closed && !channel->is_severed) {
		ret = channel->client ? -EBUSY : 0;
		channel->client = channel->client ?: client;
		/* It may have been notified before its client listened. */
		channel->is_notified |= !ret;
	}
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return ret;
}

int fake_client_unbind(struct fake_client *client, u32 port)
{
	struct fake_channel *channel;
	unsigned long flags;
	int ret = -ENOENT;

	raw_spin_lock_irqsave(&channels_lock, flags);
	channel = find(port);
	if (channel && channel->client == client) {
		channel->client = NULL;
		ret = 0;
	}
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return ret;
}

void fake_client_unbind_all(struct fake_client *client)
{
	struct fake_channel *channel;
	unsigned long flags;

	raw_spin_lock_irqsave(&channels_lock, flags);
	list_for_each_entry(channel, &channels, list) {
		if (channel->client == client)
			channel->client = NULL;
	}
	raw_spin_unlock_irqrestore(&channels_lock, flags);
}

int fake_client_notify(u32 port)
{
	struct fake_channel *channel = find_open(port);
	unsigned long flags;

	if (!channel || channel->is_severed)
		return -ENOENT;
	raw_spin_lock_irqsave(&channel->lock, flags);
	channel->is_pending = true;
	raw_spin_unlock_irqrestore(&channel->lock, flags);
	fake_channel_deliver(channel);
	return 0;
}

static struct fake_channel *notified(struct fake_client *client)
{
	struct fake_channel *channel;

	list_for_each_entry(channel, &channels, list) {
		if (channel->client == client && channel->is_notified)
			return channel;
	}
	return NULL;
}

bool fake_client_has_event(struct fake_client *client)
{
	unsigned long flags;
	bool has_event;

	raw_spin_lock_irqsave(&channels_lock, flags);
	has_event = notified(client) != NULL;
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return has_event;
}

int fake_client_next_event(struct fake_client *client, u32 *port)
{
	struct fake_channel *channel;
	unsigned long flags;

	raw_spin_lock_irqsave(&channels_lock, flags);
	channel = notified(client);
	if (channel) {
		channel->is_notified = false;
		*port = channel->port;
	}
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return channel ? 0 : -EAGAIN;
}

int fake_channel_describe(struct fake_xen_channel *description)
{
	struct fake_channel *channel;
	unsigned long flags;

	raw_spin_lock_irqsave(&channels_lock, flags);
	channel = find(description->port);
	if (channel) {
		description->is_open = !channel->is_closed;
		description->interrupts = channel->interrupts;
		description->spurious = channel->spurious;
	}
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return channel ? 0 : -ENOENT;
}

unsigned int fake_channel_count(void)
{
	struct fake_channel *channel;
	unsigned int count = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&channels_lock, flags);
	list_for_each_entry(channel, &channels, list)
		count += !channel->is_closed;
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return count;
}

void fake_channels_sever(void)
{
	struct fake_channel *channel;
	unsigned long flags;

	raw_spin_lock_irqsave(&channels_lock, flags);
	list_for_each_entry(channel, &channels, list)
		channel->is_severed = true;
	raw_spin_unlock_irqrestore(&channels_lock, flags);
}

void fake_channels_destroy(void)
{
	struct fake_channel *channel, *next;

	list_for_each_entry_safe(channel, next, &channels, list)
		kfree(channel);
}

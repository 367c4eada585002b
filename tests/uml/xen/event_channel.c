// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event channels. An event that a client sends interrupts the guest, on another processor if there
 * is one; an event of the guest's wakes the client up.
 */
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

struct fake_channel *fake_channel_find(u32 port)
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

/* ---- what drivers call */

static int alloc_unbound(struct evtchn_alloc_unbound *alloc)
{
	struct fake_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL);
	unsigned long flags;

	if (!channel)
		return -ENOMEM;
	raw_spin_lock_init(&channel->lock);
	fake_channel_interrupt_init(channel);
	raw_spin_lock_irqsave(&channels_lock, flags);
	channel->port = next_port++;
	list_add_tail(&channel->list, &channels);
	alloc->port = channel->port;
	raw_spin_unlock_irqrestore(&channels_lock, flags);
	return 0;
}

/* The memory stays until the module goes: a client may still know the port. */
static int close_channel(const struct evtchn_close *close)
{
	struct fake_channel *channel = fake_channel_find(close->port);

	if (!channel)
		return -EINVAL;
	WRITE_ONCE(channel->is_closed, true);
	return 0;
}

static int tell_status(struct evtchn_status *status)
{
	struct fake_channel *channel = fake_channel_find(status->port);

	status->status = channel && !channel->irq ? EVTCHNSTAT_unbound : EVTCHNSTAT_closed;
	return 0;
}

static int notify_client(const struct evtchn_send *send)
{
	struct fake_channel *channel;
	unsigned long flags;

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

int HYPERVISOR_event_channel_op(int command, void *argument)
{
	switch (command) {
	case EVTCHNOP_alloc_unbound:
		return alloc_unbound(argument);
	case EVTCHNOP_close:
		return close_channel(argument);
	case EVTCHNOP_send:
		return notify_client(argument);
	case EVTCHNOP_status:
		return tell_status(argument);
	default:
		WARN_ON(1);
		return -ENOSYS;
	}
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
	struct fake_channel *channel = fake_channel_find(port);
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

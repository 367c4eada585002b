// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/event_channel.h over late-EOI event channel interrupts. */
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <asm/xen/hypercall.h>
#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xenbus.h>

#include "kshim/event_channel.h"
#include "shim.h"

struct kshim_event_channel {
	kshim_event_handler handler;
	void *context;
	/* request_irq() keeps the pointer, so the name lives as long as the interrupt. */
	const char *name;
	evtchn_port_t port;
	int irq;
	unsigned int spurious; /* in a row; of the interrupt handler */
	struct delayed_work acknowledge;
};

/*
 * The kernel delays a spurious event by a tick at most: it takes the one behind a delay for a good
 * one, and its count starts over. That leaves a storm 500 interrupts a second, with HZ=250. So
 * more than a few in a row are held back here.
 */
enum { SPURIOUS_MAX = 8, SPURIOUS_HOLD_MS = 10 };

static void acknowledge_late(struct work_struct *work)
{
	struct delayed_work *delayed = to_delayed_work(work);
	struct kshim_event_channel *channel =
		container_of(delayed, struct kshim_event_channel, acknowledge);

	xen_irq_lateeoi(channel->irq, 0);
}

static irqreturn_t event_interrupt(int irq, void *data)
{
	struct kshim_event_channel *channel = data;

	switch (channel->handler(channel->context)) {
	case KSHIM_EVENT_HANDLED:
		channel->spurious = 0;
		xen_irq_lateeoi(irq, 0);
		break;
	case KSHIM_EVENT_SPURIOUS:
		if (channel->spurious < SPURIOUS_MAX) {
			channel->spurious++;
			xen_irq_lateeoi(irq, XEN_EOI_FLAG_SPURIOUS);
		} else {
			schedule_delayed_work(&channel->acknowledge,
					      msecs_to_jiffies(SPURIOUS_HOLD_MS));
		}
		break;
	case KSHIM_EVENT_BROKEN:
		break;
	}
	return IRQ_HANDLED;
}

/* Not xenbus_alloc_evtchn(): if there is no port now, that closes the device for good. */
static int alloc_port(domid_t domain, evtchn_port_t *port)
{
	struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = domain };
	int ret = HYPERVISOR_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

	*port = alloc.port;
	return ret;
}

/* For a port that could not be bound to an interrupt: the kernel may have closed it already. */
static void close_unbound_port(domid_t domain, evtchn_port_t port)
{
	struct evtchn_status status = { .dom = DOMID_SELF, .port = port };
	struct evtchn_close close = { .port = port };

	if (!HYPERVISOR_event_channel_op(EVTCHNOP_status, &status) &&
	    status.status == EVTCHNSTAT_unbound && status.u.unbound.dom == domain)
		HYPERVISOR_event_channel_op(EVTCHNOP_close, &close);
}

int kshim_event_channel_open(struct kshim_xenbus_device *device, const char *name,
			     kshim_event_handler handler, void *context,
			     struct kshim_event_channel **result)
{
	struct kshim_event_channel *channel = kzalloc(sizeof(*channel), GFP_KERNEL);
	int ret = -ENOMEM;

	if (!channel)
		return ret;
	channel->handler = handler;
	channel->context = context;
	INIT_DELAYED_WORK(&channel->acknowledge, acknowledge_late);
	channel->name = kstrdup(name, GFP_KERNEL);
	if (!channel->name)
		goto free_channel;

	ret = alloc_port(to_xenbus(device)->otherend_id, &channel->port);
	if (ret)
		goto free_channel;

	ret = bind_evtchn_to_irq_lateeoi(channel->port);
	if (ret < 0)
		goto close_port;
	channel->irq = ret;
	ret = request_irq(channel->irq, event_interrupt, 0, channel->name, channel);
	if (ret)
		goto unbind;
	*result = channel;
	return 0;

unbind:
	/* Closes the port as well, which may be another one's at once. */
	evtchn_put(channel->port);
	goto free_channel;
close_port:
	close_unbound_port(to_xenbus(device)->otherend_id, channel->port);
free_channel:
	kfree(channel->name);
	kfree(channel);
	return ret;
}

uint32_t kshim_event_channel_port(const struct kshim_event_channel *channel)
{
	return channel->port;
}

void kshim_event_channel_notify(struct kshim_event_channel *channel)
{
	/* Not by the port, which after a restore may be another driver's. */
	notify_remote_via_irq(channel->irq);
}

void kshim_event_channel_mask(struct kshim_event_channel *channel)
{
	disable_irq_nosync(channel->irq);
}

void kshim_event_channel_unmask(struct kshim_event_channel *channel)
{
	enable_irq(channel->irq);
}

void kshim_event_channel_synchronize(struct kshim_event_channel *channel)
{
	synchronize_irq(channel->irq);
}

void kshim_event_channel_close(struct kshim_event_channel *channel)
{
	/* The handler schedules the work, which needs the interrupt. */
	disable_irq(channel->irq);
	cancel_delayed_work_sync(&channel->acknowledge);
	/* Closes the port as well. */
	unbind_from_irqhandler(channel->irq, channel);
	kfree(channel->name);
	kfree(channel);
}

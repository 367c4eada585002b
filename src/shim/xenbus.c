// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/xenbus.h over the bus's devices. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <xen/xenbus.h>

#include "kshim/xenbus.h"
#include "shim.h"

void kshim_xenbus_hold(struct kshim_xenbus_device *device)
{
	get_device(&to_xenbus(device)->dev);
}

void kshim_xenbus_release(struct kshim_xenbus_device *device)
{
	put_device(&to_xenbus(device)->dev);
}

const char *kshim_xenbus_path(const struct kshim_xenbus_device *device)
{
	return to_xenbus(device)->nodename;
}

const char *kshim_xenbus_other_path(const struct kshim_xenbus_device *device)
{
	/* After a restore that the bus could not complete there is none. */
	return to_xenbus(device)->otherend ?: "";
}

uint16_t kshim_xenbus_other_domain(const struct kshim_xenbus_device *device)
{
	return to_xenbus(device)->otherend_id;
}

void kshim_xenbus_set_context(struct kshim_xenbus_device *device, void *context)
{
	dev_set_drvdata(&to_xenbus(device)->dev, context);
}

void *kshim_xenbus_context(const struct kshim_xenbus_device *device)
{
	return dev_get_drvdata(&to_xenbus(device)->dev);
}

/* Whether the directory in XenStore is another device's by now. */
static bool is_replaced(const struct xenbus_device *device)
{
#ifdef KSHIM_XENBUS_VANISHED
	return READ_ONCE(device->vanished);
#else
	return false;
#endif
}

/*
 * Nothing is written if the node has gone, for the directory must not come back as a lone node, or
 * if it says so already. If another client writes to the nodes as fast as this function, that is
 * not made sure: the caller may be xenwatch.
 */
static int write_state(struct xenbus_device *device, unsigned int state)
{
	struct xenbus_transaction transaction;
	unsigned int attempts = 10;
	unsigned int present;
	bool is_written;
	char *text;
	int ret;

	do {
		ret = xenbus_transaction_start(&transaction);
		if (ret)
			return ret;
		text = xenbus_read(transaction, device->nodename, "state", NULL);
		if (IS_ERR(text)) {
			is_written = false;
			ret = PTR_ERR(text) == -ENOENT ? 0 : PTR_ERR(text);
		} else {
			is_written = kstrtouint(text, 10, &present) || present != state;
			kfree(text);
		}
		if (is_written)
			ret = xenbus_printf(transaction, device->nodename, "state", "%u", state);
		if (ret) {
			xenbus_transaction_end(transaction, true);
			return ret;
		}
		ret = xenbus_transaction_end(transaction, !is_written);
	} while (ret == -EAGAIN && --attempts);
	if (ret == -EAGAIN)
		ret = xenbus_printf(XBT_NIL, device->nodename, "state", "%u", state);
	return ret;
}

/*
 * Since Linux 7.0 the bus takes a device for a new one, and probes it anew, if xenwatch has read
 * Initialising in XenStore and then finds another device->state. The driver switches states in
 * other threads as well, so device->state is Initialising before XenStore says it, and until
 * kshim_xenbus_settle_state() when XenStore says it no more.
 */
void kshim_xenbus_switch_state(struct kshim_xenbus_device *opaque, unsigned int state)
{
	struct xenbus_device *device = to_xenbus(opaque);
	int ret;

	/*
	 * A restore has not found the device, and the bus takes it for Closing. If it stays that,
	 * the bus of Linux 7.0 and newer takes one that the toolstack makes in its place for a new
	 * one; before, the bus probes no device of that name again.
	 */
	if (!device->otherend)
		return;
	if (state != XenbusStateInitialising && device->state != XenbusStateInitialising) {
		xenbus_switch_state(device, state);
		return;
	}
	if (is_replaced(device))
		return;
	WRITE_ONCE(device->state, XenbusStateInitialising);
	ret = write_state(device, state);
	if (ret)
		kshim_xenbus_error(opaque, ret, "cannot write the state");
}

void kshim_xenbus_settle_state(struct kshim_xenbus_device *opaque)
{
	struct xenbus_device *device = to_xenbus(opaque);
	unsigned int published;

	if (device->state != XenbusStateInitialising)
		return;
	published = xenbus_read_unsigned(device->nodename, "state", XenbusStateUnknown);
	if (published > XenbusStateInitialising && published <= XenbusStateReconfigured)
		WRITE_ONCE(device->state, published);
}

void kshim_xenbus_error(struct kshim_xenbus_device *opaque, int error, const char *text)
{
	struct xenbus_device *device = to_xenbus(opaque);
	char *path;

	if (shim_may_log()) {
		xenbus_dev_error(device, error, "%s", text);
		return;
	}
	/* The node is written all the same. */
	path = kasprintf(GFP_KERNEL, "error/%s", device->nodename);
	if (path)
		xenbus_printf(XBT_NIL, path, "error", "%d %s", -error, text);
	kfree(path);
}

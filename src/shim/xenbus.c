// SPDX-License-Identifier: GPL-2.0-only
/* The xenbus driver, and include/kshim/xenbus.h over its devices. */
#include <linux/device.h>
#include <linux/module.h>
#include <xen/interface/io/sndif.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "driver.h"
#include "kshim/entry.h"
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
	return to_xenbus(device)->otherend;
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

void kshim_xenbus_switch_state(struct kshim_xenbus_device *device, unsigned int state)
{
	xenbus_switch_state(to_xenbus(device), state);
}

void kshim_xenbus_error(struct kshim_xenbus_device *device, int error, const char *text)
{
	if (shim_may_log())
		xenbus_dev_error(to_xenbus(device), error, "%s", text);
}

/* Of xen_front_load(). */
static void *shared;

static int probe(struct xenbus_device *device, const struct xenbus_device_id *id)
{
	return xen_front_probe(from_xenbus(device), shared);
}

/*
 * One event that waits is enough, since its handler reads the node anew. Without this limit, which
 * the bus has for backends only, a state that changes all the time fills the memory with events,
 * and those of other devices queue up behind them.
 */
static bool backend_will_handle(struct xenbus_watch *watch, const char *path, const char *token)
{
	return watch->nr_pending == 0;
}

static void backend_changed(struct xenbus_device *device, enum xenbus_state state)
{
	/* The watch is registered when probe() has returned, so this is the first chance. */
	WRITE_ONCE(device->otherend_watch.will_handle, backend_will_handle);
	xen_front_backend_changed(from_xenbus(device), state);
}

/* After a restore, and by some kernels after any sleep of the guest. */
static int resume(struct xenbus_device *device)
{
	xen_front_resume(from_xenbus(device));
	return 0;
}

static void remove(struct xenbus_device *device)
{
	xen_front_remove(from_xenbus(device));
}

static int remove_with_status(struct xenbus_device *device)
{
	remove(device);
	return 0;
}

typedef int (*remove_with_status_fn)(struct xenbus_device *device);

/*
 * Which of the two a kernel wants depends on its stable release, not on its version, so the
 * type of the member itself decides.
 */
#define REMOVE_FOR_THIS_KERNEL                                                               \
	__builtin_choose_expr(                                                               \
		__builtin_types_compatible_p(typeof(((struct xenbus_driver *)0)->remove),    \
					     remove_with_status_fn),                         \
		remove_with_status, remove)

static const struct xenbus_device_id device_ids[] = {
	{ XENSND_DRIVER_NAME },
	{ "" },
};

static struct xenbus_driver driver = {
	.ids = device_ids,
	.probe = probe,
	.otherend_changed = backend_changed,
	.remove = REMOVE_FOR_THIS_KERNEL,
	.resume = resume,
	.not_essential = true,
};

int xen_front_driver_register(void)
{
	int status;

	if (!xen_domain())
		return -ENODEV;
	shared = xen_front_load();
	if (!shared)
		return -ENOMEM;
	status = xenbus_register_frontend(&driver);
	if (status)
		xen_front_unload(shared);
	return status;
}

void xen_front_driver_unregister(void)
{
	xenbus_unregister_driver(&driver);
	xen_front_unload(shared);
}

MODULE_ALIAS("xen:" XENSND_DRIVER_NAME);

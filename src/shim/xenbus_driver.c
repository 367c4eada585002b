// SPDX-License-Identifier: GPL-2.0-only
/* The driver that the Xen bus knows, and its devices' way to the C++. */
#define pr_fmt(fmt) "snd-xen-front: " fmt

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pm.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>
#include <linux/sched/mm.h>
#include <xen/interface/io/sndif.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "kshim/entry.h"
#include "shim.h"

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
	/* The disk on which memory is to be swapped out may wait for this thread as well. */
	unsigned int flags = memalloc_noio_save();

	/* The watch is registered when probe() has returned, so this is the first chance. */
	WRITE_ONCE(device->otherend_watch.will_handle, backend_will_handle);
	xen_front_backend_changed(from_xenbus(device), state);
	memalloc_noio_restore(flags);
}

/* The guest is about to be saved or moved, or Xen only tries. */
static int suspend(struct xenbus_device *device)
{
	xen_front_suspend(from_xenbus(device));
	return 0;
}

/* The bus forwards what happens under Xen's control, but not a sleep of the guest's own. */
static int device_suspend(struct device *device)
{
	return suspend(to_xenbus_device(device));
}

static int resume(struct xenbus_device *device)
{
	unsigned int flags = memalloc_noio_save(); /* as above */

	xen_front_resume(from_xenbus(device));
	memalloc_noio_restore(flags);
	return 0;
}

/*
 * If the bus does not find the device's nodes in XenStore after a restore, it does not call
 * resume(). It has no .complete, so the PM core calls the driver's.
 */
static void device_complete(struct device *device)
{
	if (!to_xenbus_device(device)->otherend)
		resume(to_xenbus_device(device));
}

static const struct dev_pm_ops sleep_operations = {
	.suspend = device_suspend,
	.complete = device_complete,
};

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

static const struct xenbus_device_id no_device_ids[] = {
	{ "" },
};

static struct xenbus_driver driver = {
	.name = XENSND_DRIVER_NAME,
	.ids = no_device_ids, /* see register_with_bus() */
	.probe = probe,
	.otherend_changed = backend_changed,
	.remove = REMOVE_FOR_THIS_KERNEL,
	.suspend = suspend,
	.resume = resume,
	.not_essential = true,
	.driver.pm = &sleep_operations,
};

typedef int (*device_fn)(struct xenbus_device *device);

/*
 * Calls the function that @data points to if the driver is bound to the device. The device's lock
 * keeps the bus from unbinding it before the function returns.
 */
static int call_if_ours(struct device *device, void *data)
{
	device_fn *function = data;
	int ret = 0;

	if (READ_ONCE(device->driver) != &driver.driver)
		return 0;
	device_lock(device);
	if (device->driver == &driver.driver && dev_get_drvdata(device))
		ret = (*function)(to_xenbus_device(device));
	device_unlock(device);
	return ret;
}

/*
 * As driver_for_each_device(), whose function must not wait for a device's lock: a thread that
 * unbinds the device holds that, and waits for the iteration to leave the device.
 */
static int visit_devices(device_fn function)
{
	return bus_for_each_dev(driver.driver.bus, NULL, &function, call_if_ours);
}

/* Whether the device will have a card as soon as its backend and the driver have agreed. */
static int is_connecting(struct xenbus_device *device)
{
	unsigned int backend = XenbusStateUnknown;

	/* device->state is late: see kshim_xenbus_switch_state(). */
	if (xenbus_read_unsigned(device->nodename, "state", XenbusStateUnknown) <
	    XenbusStateConnected)
		backend = xenbus_read_unsigned(device->otherend, "state", XenbusStateUnknown);
	return backend == XenbusStateInitWait || backend == XenbusStateInitialised ||
	       backend == XenbusStateConnected;
}

/* So that there is a card when insmod returns, if it has a backend. */
static void __init await_cards(void)
{
	unsigned long end = jiffies + 30 * HZ;

	while (visit_devices(is_connecting)) {
		if (time_after(jiffies, end) || msleep_interruptible(20))
			break;
	}
}

/*
 * A driver that registers has to wait up to 30 s for each device that the bus takes for connecting,
 * whether there is a backend or not. So it has no device then, and gets them afterwards.
 */
static int __init register_with_bus(void)
{
	int ret = xenbus_register_frontend(&driver);

	if (ret)
		return ret;
	WRITE_ONCE(driver.ids, device_ids);
	ret = driver_attach(&driver.driver);
	if (ret) {
		xenbus_unregister_driver(&driver);
		return ret;
	}
	/* While the kernel starts, the bus waits for all devices at once. */
	if (__is_defined(MODULE))
		await_cards();
	return 0;
}

static int shut_down(struct xenbus_device *device)
{
	xen_front_shutdown(from_xenbus(device));
	return 0;
}

/* The bus closes devices that are Connected, and no others. */
static int on_reboot(struct notifier_block *block, unsigned long action, void *unused)
{
	visit_devices(shut_down);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_block = {
	.notifier_call = on_reboot,
};

static int __init xen_front_init(void)
{
	int status;

	if (!xen_domain() || !xen_has_pv_devices()) {
		/* As part of the kernel it is on many machines that are none. */
		if (__is_defined(MODULE))
			pr_err("this is not a Xen guest, or one without paravirtualised devices\n");
		return -ENODEV;
	}
	shared = xen_front_load();
	if (!shared)
		return -ENOMEM;
	status = register_with_bus();
	if (status) {
		pr_err("the Xen bus refuses the driver: %d; is snd_xen_front loaded?\n", status);
		xen_front_unload(shared);
		return status;
	}
	register_reboot_notifier(&reboot_block);
	return 0;
}
module_init(xen_front_init);

static void __exit xen_front_exit(void)
{
	unregister_reboot_notifier(&reboot_block);
	xenbus_unregister_driver(&driver);
	/* Cards that applications have kept open; they may be about to leave the module's code. */
	xen_front_unload(shared);
	synchronize_rcu_tasks();
}
module_exit(xen_front_exit);

MODULE_ALIAS("xen:" XENSND_DRIVER_NAME);

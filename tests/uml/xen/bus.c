// SPDX-License-Identifier: GPL-2.0-only
/* The Xen bus: devices come and go with their directories, and drivers are bound to them. */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

static const struct xenbus_device_id *match_device(const struct xenbus_driver *driver,
						   const struct xenbus_device *device)
{
	const struct xenbus_device_id *id;

	for (id = driver->ids; *id->devicetype; id++) {
		if (!strcmp(id->devicetype, device->devicetype))
			return id;
	}
	return NULL;
}

static int bus_match(struct device *dev, const struct device_driver *driver)
{
	return match_device(to_xenbus_driver(driver), to_xenbus_device(dev)) != NULL;
}

static void forget_other_end(struct xenbus_device *device)
{
	if (device->otherend_watch.node) {
		unregister_xenbus_watch(&device->otherend_watch);
		kfree(device->otherend_watch.node);
		device->otherend_watch.node = NULL;
	}
}

static int find_other_end(struct xenbus_device *device)
{
	char *path;

	forget_other_end(device);
	kfree(device->otherend);
	device->otherend = NULL;
	device->otherend_id = xenbus_read_unsigned(device->nodename, "backend-id", 0);
	path = xenbus_read(XBT_NIL, device->nodename, "backend", NULL);
	if (!IS_ERR(path) && *path && fake_store_exists(0, path)) {
		device->otherend = path;
		return 0;
	}
	xenbus_dev_fatal(device, -ENOENT, "finding the other end of %s", device->nodename);
	if (!IS_ERR(path))
		kfree(path);
	return -ENOENT;
}

static void other_end_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	struct xenbus_device *device = container_of(watch, struct xenbus_device, otherend_watch);
	struct xenbus_driver *driver = to_xenbus_driver(device->dev.driver);

	/* One that fired before the other end was another one is of no interest. */
	if (!device->otherend || strncmp(device->otherend, path, strlen(device->otherend)))
		return;
	driver->otherend_changed(device, xenbus_read_driver_state(device, device->otherend));
}

static int watch_other_end(struct xenbus_device *device)
{
	struct xenbus_watch *watch = &device->otherend_watch;
	int ret;

	watch->node = kasprintf(GFP_KERNEL, "%s/state", device->otherend);
	if (!watch->node)
		return -ENOMEM;
	watch->will_handle = NULL;
	watch->callback = other_end_changed;
	ret = register_xenbus_watch(watch);
	if (ret) {
		kfree(watch->node);
		watch->node = NULL;
	}
	return ret;
}

static int bus_probe(struct device *dev)
{
	struct xenbus_device *device = to_xenbus_device(dev);
	struct xenbus_driver *driver = to_xenbus_driver(dev->driver);
	int ret = find_other_end(device);

	if (ret)
		return ret;
	down(&device->reclaim_sem);
	ret = driver->probe(device, match_device(driver, device));
	up(&device->reclaim_sem);
	if (ret) {
		xenbus_dev_error(device, ret, "probing %s", device->nodename);
		return ret;
	}
	ret = watch_other_end(device);
	if (ret)
		driver->remove(device);
	return ret;
}

static void bus_remove(struct device *dev)
{
	struct xenbus_device *device = to_xenbus_device(dev);
	struct xenbus_driver *driver = to_xenbus_driver(dev->driver);

	forget_other_end(device);
	down(&device->reclaim_sem);
	driver->remove(device);
	up(&device->reclaim_sem);
	kfree(device->otherend);
	device->otherend = NULL;
	if (!driver->allow_rebind ||
	    xenbus_read_driver_state(device, device->nodename) == XenbusStateClosing)
		xenbus_switch_state(device, XenbusStateClosed);
}

static const struct bus_type bus = {
	.name = "xen",
	.match = bus_match,
	.probe = bus_probe,
	.remove = bus_remove,
};

/* ---- drivers */

int __xenbus_register_frontend(struct xenbus_driver *driver, struct module *owner,
			       const char *module_name)
{
	driver->driver.name = driver->name ?: driver->ids[0].devicetype;
	driver->driver.bus = &bus;
	driver->driver.owner = owner;
	driver->driver.mod_name = module_name;
	return driver_register(&driver->driver);
}
EXPORT_SYMBOL_GPL(__xenbus_register_frontend);

void xenbus_unregister_driver(struct xenbus_driver *driver)
{
	driver_unregister(&driver->driver);
}
EXPORT_SYMBOL_GPL(xenbus_unregister_driver);

/* ---- devices */

static void release_device(struct device *dev)
{
	struct xenbus_device *device = to_xenbus_device(dev);

	kfree(device->otherend);
	kfree(device->nodename);
	kfree(device->devicetype);
	kfree(device);
}

static void add_device(const char *nodename)
{
	struct xenbus_device *device;
	const char *type = strchr(nodename, '/') + 1;
	const char *number = strrchr(nodename, '/') + 1;

	/* One that is just going is no new one. */
	if (xenbus_read_driver_state(NULL, nodename) != XenbusStateInitialising)
		return;
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return;
	device->state = XenbusStateInitialising;
	device->nodename = kstrdup(nodename, GFP_KERNEL);
	device->devicetype = kstrndup(type, strcspn(type, "/"), GFP_KERNEL);
	init_completion(&device->down);
	sema_init(&device->reclaim_sem, 1);
	device->dev.bus = &bus;
	device->dev.release = release_device;
	dev_set_name(&device->dev, "%s-%s", device->devicetype, number);
	if (device_register(&device->dev))
		put_device(&device->dev);
}

static int is_node(struct device *dev, const void *nodename)
{
	return !strcmp(to_xenbus_device(dev)->nodename, nodename);
}

static void remove_device(struct device *dev)
{
	to_xenbus_device(dev)->vanished = true;
	device_unregister(dev);
}

/* Something below device/ was written or removed. */
static void device_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	char nodename[FAKE_XEN_PATH_MAX];
	const char *type = strchr(path, '/');
	const char *number = type ? strchr(type + 1, '/') : NULL;
	struct device *dev;

	if (!number)
		return;
	snprintf(nodename, sizeof(nodename), "%.*s",
		 (int)(number + 1 - path + strcspn(number + 1, "/")), path);
	dev = bus_find_device(&bus, NULL, nodename, is_node);
	if (!xenbus_exists(XBT_NIL, nodename, "")) {
		if (dev)
			remove_device(dev);
	} else if (!dev) {
		add_device(nodename);
	} else if (xenbus_read_driver_state(NULL, nodename) == XenbusStateInitialising) {
		/* Other threads go on while xenstored answers: long enough to write the state. */
		usleep_range(50, 100);
		if (to_xenbus_device(dev)->state != XenbusStateInitialising) {
			/* The toolstack has replaced it by one of the same name. */
			remove_device(dev);
			add_device(nodename);
		}
	}
	put_device(dev);
}

static struct xenbus_watch devices_watch = {
	.node = "device",
	.callback = device_changed,
};

static int restore_device(struct device *dev, void *unused)
{
	struct xenbus_device *device = to_xenbus_device(dev);
	struct xenbus_driver *driver;
	int ret;

	if (!dev->driver)
		return 0;
	driver = to_xenbus_driver(dev->driver);
	ret = find_other_end(device);
	if (ret) {
		/* The PM core goes on with the other devices, and then completes all of them. */
		dev->driver->pm->complete(dev);
		return 0;
	}
	device->state = XenbusStateInitialising;
	ret = driver->resume ? driver->resume(device) : 0;
	return ret ?: watch_other_end(device);
}

int fake_bus_restore(void)
{
	return bus_for_each_dev(&bus, NULL, NULL, restore_device);
}

int fake_bus_start(void)
{
	int ret = bus_register(&bus);

	if (ret)
		return ret;
	ret = register_xenbus_watch(&devices_watch);
	if (ret)
		bus_unregister(&bus);
	return ret;
}

static int unregister_one(struct device *dev, void *unused)
{
	device_unregister(dev);
	return 0;
}

void fake_bus_stop(void)
{
	unregister_xenbus_watch(&devices_watch);
	bus_for_each_dev(&bus, NULL, NULL, unregister_one);
	bus_unregister(&bus);
}

// SPDX-License-Identifier: GPL-2.0-only
/* What drivers call to use XenStore. */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

void *xenbus_read(struct xenbus_transaction t, const char *directory, const char *node,
		  unsigned int *length)
{
	char *path = fake_path(directory, node);
	size_t read_length;
	char *value;
	int ret;

	if (!path)
		return ERR_PTR(-ENOMEM);
	ret = fake_store_read(t.id, path, &value, &read_length);
	kfree(path);
	if (ret)
		return ERR_PTR(ret);
	if (length)
		*length = read_length;
	return value;
}
EXPORT_SYMBOL_GPL(xenbus_read);

/* One block of memory: pointers, then the names that they point to. */
char **xenbus_directory(struct xenbus_transaction t, const char *directory, const char *node,
			unsigned int *count)
{
	char *path = fake_path(directory, node);
	unsigned int i;
	size_t length;
	char *names;
	char **list;
	char *at;
	int ret;

	if (!path)
		return ERR_PTR(-ENOMEM);
	ret = fake_store_list(t.id, path, &names, &length, count);
	kfree(path);
	if (ret)
		return ERR_PTR(ret);
	list = kmalloc(*count * sizeof(char *) + length, GFP_KERNEL);
	if (!list) {
		kfree(names);
		return ERR_PTR(-ENOMEM);
	}
	at = (char *)(list + *count);
	memcpy(at, names, length);
	for (i = 0; i < *count; i++) {
		list[i] = at;
		at += strlen(at) + 1;
	}
	kfree(names);
	return list;
}
EXPORT_SYMBOL_GPL(xenbus_directory);

int xenbus_write(struct xenbus_transaction t, const char *directory, const char *node,
		 const char *value)
{
	char *path = fake_path(directory, node);
	int ret;

	if (!path)
		return -ENOMEM;
	ret = fake_store_write(t.id, path, value, strlen(value));
	kfree(path);
	return ret;
}
EXPORT_SYMBOL_GPL(xenbus_write);

int xenbus_scanf(struct xenbus_transaction t, const char *directory, const char *node,
		 const char *format, ...)
{
	char *value = xenbus_read(t, directory, node, NULL);
	va_list arguments;
	int count;

	if (IS_ERR(value))
		return PTR_ERR(value);
	va_start(arguments, format);
	count = vsscanf(value, format, arguments);
	va_end(arguments);
	kfree(value);
	return count > 0 ? count : -ERANGE;
}
EXPORT_SYMBOL_GPL(xenbus_scanf);

int xenbus_printf(struct xenbus_transaction t, const char *directory, const char *node,
		  const char *format, ...)
{
	va_list arguments;
	char *value;
	int ret;

	va_start(arguments, format);
	value = kvasprintf(GFP_KERNEL, format, arguments);
	va_end(arguments);
	if (!value)
		return -ENOMEM;
	ret = xenbus_write(t, directory, node, value);
	kfree(value);
	return ret;
}
EXPORT_SYMBOL_GPL(xenbus_printf);

int xenbus_exists(struct xenbus_transaction t, const char *directory, const char *node)
{
	char *path = fake_path(directory, node);
	bool is_there = path && fake_store_exists(t.id, path);

	kfree(path);
	return is_there;
}
EXPORT_SYMBOL_GPL(xenbus_exists);

unsigned int xenbus_read_unsigned(const char *directory, const char *node, unsigned int fallback)
{
	char *value = xenbus_read(XBT_NIL, directory, node, NULL);
	unsigned int number;
	bool is_number;

	if (IS_ERR(value))
		return fallback;
	is_number = !kstrtouint(value, 10, &number);
	kfree(value);
	return is_number ? number : fallback;
}
EXPORT_SYMBOL_GPL(xenbus_read_unsigned);

enum xenbus_state xenbus_read_driver_state(const struct xenbus_device *device, const char *path)
{
	if (device && device->vanished)
		return XenbusStateUnknown;
	return xenbus_read_unsigned(path, "state", XenbusStateUnknown);
}
EXPORT_SYMBOL_GPL(xenbus_read_driver_state);

/* Reads first: a directory that the toolstack removed must not come back as a lone state node. */
int xenbus_switch_state(struct xenbus_device *device, enum xenbus_state state)
{
	struct xenbus_transaction t;
	char number[12];
	char *current_state;
	bool is_new;
	int ret;

	if (state == device->state || device->vanished)
		return 0;
	snprintf(number, sizeof(number), "%d", state);
	do {
		ret = xenbus_transaction_start(&t);
		if (ret)
			break;
		current_state = xenbus_read(t, device->nodename, "state", NULL);
		if (IS_ERR(current_state)) {
			xenbus_transaction_end(t, true);
			device->state = state;
			return 0;
		}
		/* The toolstack has made the device anew: the bus is about to see that. */
		is_new = device->state != XenbusStateInitialising && !strcmp(current_state, "1");
		kfree(current_state);
		if (is_new) {
			xenbus_transaction_end(t, true);
			return 0;
		}
		ret = xenbus_write(t, device->nodename, "state", number);
		if (ret) {
			xenbus_transaction_end(t, true);
			break;
		}
		ret = xenbus_transaction_end(t, false);
	} while (ret == -EAGAIN);
	if (ret)
		xenbus_dev_error(device, ret, "writing state %s", number);
	else
		device->state = state;
	/* As the real one, whatever happened. */
	return 0;
}
EXPORT_SYMBOL_GPL(xenbus_switch_state);

static void report(struct xenbus_device *device, int error, const char *format, va_list arguments)
{
	char *text = kvasprintf(GFP_KERNEL, format, arguments);
	char *line = text ? kasprintf(GFP_KERNEL, "%d %s", -error, text) : NULL;
	char *directory = kasprintf(GFP_KERNEL, "error/%s", device->nodename);

	if (line && directory) {
		dev_err(&device->dev, "%s\n", line);
		xenbus_write(XBT_NIL, directory, "error", line);
	}
	kfree(directory);
	kfree(line);
	kfree(text);
}

void xenbus_dev_error(struct xenbus_device *device, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(device, error, format, arguments);
	va_end(arguments);
}
EXPORT_SYMBOL_GPL(xenbus_dev_error);

void xenbus_dev_fatal(struct xenbus_device *device, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(device, error, format, arguments);
	va_end(arguments);
	xenbus_switch_state(device, XenbusStateClosing);
}
EXPORT_SYMBOL_GPL(xenbus_dev_fatal);

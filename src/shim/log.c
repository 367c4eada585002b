// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/log.h over dev_printk(). */
#include <linux/device.h>
#include <xen/xenbus.h>

#include "kshim/log.h"
#include "shim.h"

void kshim_log(struct kshim_xenbus_device *device, enum kshim_log_level level, const char *text)
{
	struct device *dev = &to_xenbus(device)->dev;

	switch (level) {
	case KSHIM_LOG_ERROR:
		dev_err(dev, "%s\n", text);
		break;
	case KSHIM_LOG_WARNING:
		dev_warn(dev, "%s\n", text);
		break;
	case KSHIM_LOG_INFO:
		dev_info(dev, "%s\n", text);
		break;
	}
}

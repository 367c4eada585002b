// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/log.h over dev_printk(). */
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/ratelimit.h>
#include <xen/xenbus.h>

#include "kshim/log.h"
#include "shim.h"

static DEFINE_RATELIMIT_STATE(log_limit, KSHIM_LOG_INTERVAL_S * HZ, KSHIM_LOG_BURST);

bool shim_may_log(void)
{
	return __ratelimit(&log_limit);
}

void kshim_log(struct kshim_xenbus_device *device, enum kshim_log_level level, const char *text)
{
	struct device *dev = &to_xenbus(device)->dev;

	if (!shim_may_log())
		return;
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

// SPDX-License-Identifier: GPL-2.0-only
/* The module's parameters and description. */
#include <linux/module.h>

#include "kshim/module.h"

static unsigned int request_timeout_ms = 1000;
module_param(request_timeout_ms, uint, 0644);
MODULE_PARM_DESC(request_timeout_ms,
		 "Milliseconds that a request waits for the backend's response (default 1000)");

static unsigned int reconnect_timeout_ms = 10000;
module_param(reconnect_timeout_ms, uint, 0644);
MODULE_PARM_DESC(reconnect_timeout_ms,
		 "Milliseconds that a card waits for a backend before it goes; 0: for ever (default 10000)");

static unsigned int period_min_us = 500;
module_param(period_min_us, uint, 0644);
MODULE_PARM_DESC(period_min_us,
		 "Microseconds of the shortest period that an application may choose (default 500)");

static unsigned int position_step_us = 5000;
module_param(position_step_us, uint, 0644);
MODULE_PARM_DESC(position_step_us,
		 "Microseconds between positions without period wake-ups; 0: a period (default 5000)");

unsigned int kshim_module_request_timeout_ms(void)
{
	/*
	 * Written through sysfs at any time; 0 would fail every request. A process that closes a
	 * stream waits for STOP and for CLOSE, and the kernel gives up freezing it for a migration
	 * after 20 s.
	 */
	return clamp(READ_ONCE(request_timeout_ms), 1U, 9000U);
}

unsigned int kshim_module_reconnect_timeout_ms(void)
{
	return READ_ONCE(reconnect_timeout_ms);
}

unsigned int kshim_module_period_min_us(void)
{
	/* More than a second is no shortest period of anything. */
	return min(READ_ONCE(period_min_us), 1000000U);
}

unsigned int kshim_module_position_step_us(void)
{
	unsigned int step_us = READ_ONCE(position_step_us);

	return step_us ? clamp(step_us, 1000U, 1000000U) : 0;
}

MODULE_DESCRIPTION("Xen para-virtualized sound frontend");
MODULE_LICENSE("GPL");
/* The version of the packages as well: scripts/deb compares it with scripts/debian/changelog. */
MODULE_VERSION("2.0");

// SPDX-License-Identifier: GPL-2.0-only
/* The module: its entry and exit, parameters and description. */
#include <linux/bug.h>
#include <linux/module.h>

#include "driver.h"
#include "kshim/module.h"

static unsigned int request_timeout_ms = 1000;
module_param(request_timeout_ms, uint, 0644);
MODULE_PARM_DESC(request_timeout_ms,
		 "Milliseconds that a request waits for the backend's response (default 1000)");

static unsigned int reconnect_timeout_ms = 10000;
module_param(reconnect_timeout_ms, uint, 0644);
MODULE_PARM_DESC(reconnect_timeout_ms,
		 "Milliseconds that a card stands still without a backend before it is unplugged; 0: for ever (default 10000)");

unsigned int kshim_module_request_timeout_ms(void)
{
	/*
	 * Written through sysfs at any time; 0 would fail every request. The kernel gives up
	 * freezing a process for a migration after 20 s.
	 */
	return clamp(READ_ONCE(request_timeout_ms), 1U, 20000U);
}

unsigned int kshim_module_reconnect_timeout_ms(void)
{
	return READ_ONCE(reconnect_timeout_ms);
}

/* A virtual call on an object under construction: never, but the C++ tables name it. */
void __cxa_pure_virtual(void);
void __cxa_pure_virtual(void)
{
	BUG();
}

static int __init xen_front_init(void)
{
	return xen_front_driver_register();
}
module_init(xen_front_init);

static void __exit xen_front_exit(void)
{
	xen_front_driver_unregister();
}
module_exit(xen_front_exit);

MODULE_DESCRIPTION("Xen para-virtualized sound frontend");
MODULE_LICENSE("GPL");
/* The version of the packages as well: scripts/deb compares it with scripts/debian/changelog. */
MODULE_VERSION("1.0");

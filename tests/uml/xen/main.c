// SPDX-License-Identifier: GPL-2.0-only
/* The module: what makes the kernel take itself for a guest of Xen. */
#include <linux/module.h>
#include <xen/xen.h>

#include "internal.h"

enum xen_domain_type xen_domain_type = XEN_PV_DOMAIN;
EXPORT_SYMBOL_GPL(xen_domain_type);

static int __init fake_xen_init(void)
{
	int ret = fake_watch_start();

	if (ret)
		return ret;
	ret = fake_bus_start();
	if (ret)
		goto stop_watch;
	ret = fake_control_start();
	if (ret)
		goto stop_bus;
	return 0;

stop_bus:
	fake_bus_stop();
stop_watch:
	fake_watch_stop();
	return ret;
}
module_init(fake_xen_init);

static void __exit fake_xen_exit(void)
{
	fake_control_stop();
	fake_bus_stop();
	fake_watch_stop();
	fake_channels_destroy();
	fake_grants_destroy();
	fake_store_destroy();
}
module_exit(fake_xen_exit);

MODULE_DESCRIPTION("Xen as a frontend driver sees it, for tests in User Mode Linux");
MODULE_LICENSE("GPL");

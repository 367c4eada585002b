/* SPDX-License-Identifier: GPL-2.0-only */
/* Between module.c and xenbus.c. */
#ifndef XEN_FRONT_DRIVER_H
#define XEN_FRONT_DRIVER_H

/* 0, or a negative errno (-ENODEV: no Xen guest, or one without PV devices). */
int xen_front_driver_register(void);
void xen_front_driver_unregister(void);

#endif

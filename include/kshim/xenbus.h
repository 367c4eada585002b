/* SPDX-License-Identifier: GPL-2.0-only */
/* The device on the Xen bus: device/vsnd/N in this domain, and the backend at its other end. */
#ifndef KSHIM_XENBUS_H
#define KSHIM_XENBUS_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_xenbus_device; /* struct xenbus_device */

/*
 * Takes a reference to @device, which kshim_xenbus_release() drops. With a reference,
 * kshim_xenbus_path(), kshim_xenbus_other_domain() and kshim_log() can be called after the device
 * was removed, and none of the others. Context: may sleep, as the last release frees it.
 */
void kshim_xenbus_hold(struct kshim_xenbus_device *device);
void kshim_xenbus_release(struct kshim_xenbus_device *device);

/*
 * Path of the frontend's directory in XenStore, and of the backend's, which the bus frees when it
 * restores the device. Context: any.
 */
const char *kshim_xenbus_path(const struct kshim_xenbus_device *device);
const char *kshim_xenbus_other_path(const struct kshim_xenbus_device *device);
/* The domain the backend runs in. Context: any. */
uint16_t kshim_xenbus_other_domain(const struct kshim_xenbus_device *device);

void kshim_xenbus_set_context(struct kshim_xenbus_device *device, void *context);
void *kshim_xenbus_context(const struct kshim_xenbus_device *device);

/*
 * Publishes @state (enum xenbus_state) as this end's; not for a device that the bus has lost in a
 * restore. Context: may sleep; one caller at a time.
 */
void kshim_xenbus_switch_state(struct kshim_xenbus_device *device, unsigned int state);
/*
 * Lets the bus know that the device has left Initialising, if it has. Context: in
 * xen_front_backend_changed(), that is, in the thread in which the bus looks for devices that the
 * toolstack has made anew, or in xen_front_shutdown(), when it matters no more; may sleep; no
 * kshim_xenbus_switch_state() beside it.
 */
void kshim_xenbus_settle_state(struct kshim_xenbus_device *device);
/*
 * One line in the kernel log and in the XenStore error node of @device; @error is a negative
 * errno. Limited as kshim_log() is. Context: may sleep.
 */
void kshim_xenbus_error(struct kshim_xenbus_device *device, int error, const char *text);

KSHIM_END_DECLS

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the kernel enters the driver: implemented in src/driver/entry.cpp, called by the shim.
 * Every int is 0 (or a documented value) or a negative errno.
 */
#ifndef KSHIM_ENTRY_H
#define KSHIM_ENTRY_H

#include "kshim/pcm.h"
#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_proc_text;
struct kshim_xenbus_device;

/* ---- Module; context: may sleep ---- */

/* Before the first device. What the devices share, for xen_front_probe(); NULL without memory. */
KSHIM_ENTRY void *xen_front_load(void);
/*
 * After the last device. Waits for applications to close the last card. @driver: of
 * xen_front_load().
 */
KSHIM_ENTRY void xen_front_unload(void *driver);

/* ---- Xen bus; context: may sleep ---- */

/* A device was found. @driver: of xen_front_load(). */
KSHIM_ENTRY int xen_front_probe(struct kshim_xenbus_device *device, void *driver);
/* The backend published @state (enum xenbus_state). Called from the xenwatch thread. */
KSHIM_ENTRY void xen_front_backend_changed(struct kshim_xenbus_device *device, unsigned int state);
/* The guest is about to sleep, or to be saved, copied or moved; no work runs until it goes on. */
KSHIM_ENTRY void xen_front_suspend(struct kshim_xenbus_device *device);
/*
 * The guest was restored, here or on another host: grants, event channels and XenStore are not
 * those from before. The bus has taken this end's state for Initialising, without publishing it.
 * After a sleep, or when saving was called off, there is no such call.
 */
KSHIM_ENTRY void xen_front_resume(struct kshim_xenbus_device *device);
/* The guest is about to be shut down, or to start another kernel. */
KSHIM_ENTRY void xen_front_shutdown(struct kshim_xenbus_device *device);
/* The device goes, or the driver is unbound from it. */
KSHIM_ENTRY void xen_front_remove(struct kshim_xenbus_device *device);

/* ---- ALSA card ---- */

/* The last application has closed a card that was released. @context: of kshim_card_create(). */
KSHIM_ENTRY void xen_front_card_released(void *context);
/* The file of kshim_proc_add() is read; @context is its. May sleep. */
KSHIM_ENTRY void xen_front_card_show(void *context, struct kshim_proc_text *text);

/* ---- PCM; @stream is what xen_front_pcm_open() left in its @result ---- */

/* Opens substream @number of @pcm (the context of kshim_pcm_create()). May sleep. */
KSHIM_ENTRY int xen_front_pcm_open(void *pcm, enum kshim_direction direction, unsigned int number,
				   struct kshim_substream *substream, void **result);
KSHIM_ENTRY int xen_front_pcm_close(void *stream); /* may sleep */
/* Narrows @ranges to what the backend allows. May sleep. */
KSHIM_ENTRY int xen_front_pcm_refine(void *stream, struct kshim_pcm_ranges *ranges);
/* An application chose its parameters, with a buffer of @buffer_bytes. May sleep. */
KSHIM_ENTRY int xen_front_pcm_hw_params(void *stream, size_t buffer_bytes);
KSHIM_ENTRY int xen_front_pcm_hw_free(void *stream); /* may sleep */
KSHIM_ENTRY int xen_front_pcm_prepare(void *stream); /* may sleep */
/* Stream lock held. */
KSHIM_ENTRY int xen_front_pcm_trigger(void *stream, enum kshim_trigger command);
KSHIM_ENTRY int xen_front_pcm_sync_stop(void *stream); /* may sleep */
/*
 * The position in frames into the buffer. It has moved by less than a buffer since the last call.
 * Never SNDRV_PCM_POS_XRUN: ALSA's read() and write() would not notice, and wait. Stream lock held.
 */
KSHIM_ENTRY uint32_t xen_front_pcm_pointer(void *stream);
/*
 * The position that .pointer returned last, and when the backend's report of it came. False
 * until the backend has reported a position since prepare. Stream lock held.
 */
KSHIM_ENTRY bool xen_front_pcm_get_time(void *stream, struct kshim_pcm_time *time);
KSHIM_ENTRY int xen_front_pcm_ack(void *stream); /* stream lock held */

/* ---- Mixer; @control is the context of kshim_control_add(); may sleep ---- */

/* The value of each channel of the control into @values. Does not wait for the backend. */
KSHIM_ENTRY void xen_front_control_get(void *control, uint32_t *values);
/*
 * Sets each channel of the control; @values are in range. Does not wait for the backend. 1 if the
 * control has other values now, 0 if not. One call at a time for each control.
 */
KSHIM_ENTRY int xen_front_control_put(void *control, const uint32_t *values);

KSHIM_END_DECLS

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* An ALSA card. */
#ifndef KSHIM_CARD_H
#define KSHIM_CARD_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_xenbus_device;
struct kshim_card; /* struct snd_card */

struct kshim_card_names {
	unsigned int number; /* of the device: which of the module's index=, id=, enable= it is */
	const char *short_name;
	const char *long_name;
	const char *id; /* NULL: ALSA makes it of the last word of the short name */
	const char *components; /* what user space is told of its devices, 126 characters at most */
};

/*
 * A card that is not yet visible. @context is handed to xen_front_card_released() when the last
 * application has closed it, after kshim_card_release(). 0, or a negative errno and
 * xen_front_card_released() is not called (-EPERM: the module's parameter enable= says so; -EBUSY:
 * another card has the number of index=; -ENODEV: ALSA has no more cards). Context: may sleep.
 */
KSHIM_MUST_CHECK int kshim_card_create(struct kshim_xenbus_device *device,
				       const struct kshim_card_names *names, void *context,
				       struct kshim_card **card);
/*
 * Makes the card and its PCM devices visible to applications. 0 or a negative errno. Context: may
 * sleep.
 */
KSHIM_MUST_CHECK int kshim_card_register(struct kshim_card *card);
/*
 * Takes the card away from applications at once, without waiting for them to close it: their
 * next calls fail. A call that is under way may still be in a PCM operation. Context: may sleep;
 * waits for control calls and reads of /proc in progress.
 */
void kshim_card_disconnect(struct kshim_card *card);
/*
 * Frees the card when no application has it open any more: now, or at the last close. Context: may
 * sleep; may call xen_front_card_released().
 */
void kshim_card_release(struct kshim_card *card);

KSHIM_END_DECLS

#endif

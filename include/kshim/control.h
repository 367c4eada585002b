/* SPDX-License-Identifier: GPL-2.0-only */
/* Mixer controls of an ALSA card. */
#ifndef KSHIM_CONTROL_H
#define KSHIM_CONTROL_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_card;
struct kshim_control; /* struct snd_kcontrol */

/*
 * Values of one control at most. ALSA passes up to 128, but alsa-lib's simple mixer knows 32
 * channels: when it sets a wider control, it writes whatever memory follows its array.
 */
#define KSHIM_CONTROL_CHANNELS_MAX 32u

/* The loudest level of a volume control is 0 dB; each level below is 0.01 dB less. */
#define KSHIM_CONTROL_LEVEL_MAX 9600u

enum kshim_control_kind {
	KSHIM_CONTROL_VOLUME, /* values are levels: 0 to KSHIM_CONTROL_LEVEL_MAX */
	KSHIM_CONTROL_SWITCH, /* values are 1, the sound is on, or 0 */
	KSHIM_CONTROL_KINDS
};

/* What tells controls of one card from each other: no two may agree in all of it. */
struct kshim_control_id {
	const char *name; /* Documentation/sound/designs/control-names.rst; 43 characters at most */
	unsigned int index; /* among controls of the same name */
	unsigned int device; /* the PCM device and its substream that the control belongs to */
	unsigned int substream;
};

/*
 * Adds a control with a value for each of @channels channels, at most KSHIM_CONTROL_CHANNELS_MAX.
 * @context comes back in xen_front_control_get() and xen_front_control_put(), until the card is
 * freed. 0 or a negative errno (-EAGAIN: an application reads or writes a control). Context: may
 * sleep; once the card is registered, as for kshim_control_remove().
 */
KSHIM_MUST_CHECK int kshim_control_add(struct kshim_card *card, enum kshim_control_kind kind,
				       const struct kshim_control_id *id, unsigned int channels,
				       void *context, struct kshim_control **control);
/*
 * Takes @control away from @card, and frees it. 0 or a negative errno (-EAGAIN: an application
 * reads or writes a control). Context: may sleep; with no lock held that xenwatch takes, since an
 * application that begins at the same moment is waited for.
 */
KSHIM_MUST_CHECK int kshim_control_remove(struct kshim_card *card, struct kshim_control *control);
/* Notifies listeners that the values of @control have changed. Context: any. */
void kshim_control_values_changed(struct kshim_card *card, struct kshim_control *control);

KSHIM_END_DECLS

#endif

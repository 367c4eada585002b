/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of text in a card's directory, /proc/asound/cardN. */
#ifndef KSHIM_PROC_H
#define KSHIM_PROC_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_card;
struct kshim_proc_text; /* struct snd_info_buffer */

/*
 * Adds the file @name to a card that is not yet registered. xen_front_card_show() gets @context for
 * each read; none is under way, and none begins, after kshim_card_disconnect(). A kernel without
 * ALSA's proc files gets none. 0 or a negative errno. Context: may sleep.
 */
KSHIM_MUST_CHECK int kshim_proc_add(struct kshim_card *card, const char *name, void *context);
/* Adds @piece to what is being read. Context: may sleep. */
void kshim_proc_print(struct kshim_proc_text *text, const char *piece);

KSHIM_END_DECLS

#endif

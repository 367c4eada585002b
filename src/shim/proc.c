// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/proc.h over ALSA's proc files. */
#include <sound/core.h>
#include <sound/info.h>

#include "kshim/entry.h"
#include "kshim/proc.h"
#include "shim.h"

static void show(struct snd_info_entry *entry, struct snd_info_buffer *buffer)
{
	xen_front_card_show(entry->private_data, (struct kshim_proc_text *)buffer);
}

int kshim_proc_add(struct kshim_card *card, const char *name, void *context)
{
	return snd_card_ro_proc_new(to_card(card), name, context, show);
}

void kshim_proc_print(struct kshim_proc_text *text, const char *piece)
{
	snd_iprintf((struct snd_info_buffer *)text, "%s", piece);
}

// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/card.h over ALSA's cards. */
#include <linux/module.h>
#include <linux/string.h>
#include <sound/core.h>
#include <sound/initval.h>
#include <xen/xenbus.h>

#include "kshim/card.h"
#include "kshim/entry.h"
#include "shim.h"

static int index[SNDRV_CARDS] = SNDRV_DEFAULT_IDX;
module_param_array(index, int, NULL, 0444);
MODULE_PARM_DESC(index, "Index of the card of device vsnd-N (default: the first that is free)");

static char *id[SNDRV_CARDS] = SNDRV_DEFAULT_STR;
module_param_array(id, charp, NULL, 0444);
MODULE_PARM_DESC(id, "Id of the card of device vsnd-N (default: the last word of its short name)");

static bool enable[SNDRV_CARDS] = SNDRV_DEFAULT_ENABLE_PNP; /* all of them */
module_param_array(enable, bool, NULL, 0444);
MODULE_PARM_DESC(enable, "Whether device vsnd-N gets a card (default: yes)");

static void card_released(struct snd_card *card)
{
	xen_front_card_released(card->private_data);
}

int kshim_card_create(struct kshim_xenbus_device *device, const struct kshim_card_names *names,
		      void *context, struct kshim_card **result)
{
	bool is_listed = names->number < SNDRV_CARDS;
	struct snd_card *card;
	int ret;

	if (is_listed && !enable[names->number])
		return -EPERM;
	ret = snd_card_new(&to_xenbus(device)->dev,
			   is_listed ? index[names->number] : SNDRV_DEFAULT_IDX1,
			   is_listed && id[names->number] ? id[names->number] : names->id,
			   THIS_MODULE, 0, &card);
	if (ret)
		return ret;
	ret = snd_component_add(card, names->components);
	if (ret < 0) {
		snd_card_free(card);
		return ret;
	}
	strscpy(card->driver, "xen-front", sizeof(card->driver));
	strscpy(card->shortname, names->short_name, sizeof(card->shortname));
	strscpy(card->longname, names->long_name, sizeof(card->longname));
	strscpy(card->mixername, "Xen Mixer", sizeof(card->mixername));
	card->private_data = context;
	card->private_free = card_released;
	*result = (struct kshim_card *)card;
	return 0;
}

int kshim_card_register(struct kshim_card *card)
{
	return snd_card_register(to_card(card));
}

void kshim_card_disconnect(struct kshim_card *card)
{
	snd_card_disconnect(to_card(card));
}

void kshim_card_release(struct kshim_card *card)
{
	snd_card_free_when_closed(to_card(card));
}

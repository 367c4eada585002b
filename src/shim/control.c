// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/control.h over ALSA's control elements. */
#include <linux/errno.h>
#include <sound/control.h>
#include <sound/core.h>
#include <sound/tlv.h>

#include "kshim/control.h"
#include "kshim/entry.h"
#include "shim.h"

static_assert(ARRAY_SIZE(((struct snd_ctl_elem_value *)0)->value.integer.value) >=
	      KSHIM_CONTROL_CHANNELS_MAX);

static const DECLARE_TLV_DB_SCALE(level_tlv, -(int)KSHIM_CONTROL_LEVEL_MAX, 1, 0);

/* A control's private_value is its number of channels. */

static int level_info(struct snd_kcontrol *control, struct snd_ctl_elem_info *info)
{
	info->type = SNDRV_CTL_ELEM_TYPE_INTEGER;
	info->count = control->private_value;
	info->value.integer.min = 0;
	info->value.integer.max = KSHIM_CONTROL_LEVEL_MAX;
	info->value.integer.step = 1;
	return 0;
}

static int switch_info(struct snd_kcontrol *control, struct snd_ctl_elem_info *info)
{
	info->type = SNDRV_CTL_ELEM_TYPE_BOOLEAN;
	info->count = control->private_value;
	info->value.integer.min = 0;
	info->value.integer.max = 1;
	return 0;
}

static int get(struct snd_kcontrol *control, struct snd_ctl_elem_value *value)
{
	u32 values[KSHIM_CONTROL_CHANNELS_MAX];
	unsigned long i;

	xen_front_control_get(control->private_data, values);
	for (i = 0; i < control->private_value; i++)
		value->value.integer.value[i] = values[i];
	return 0;
}

/* Not every kernel is built to check what applications write. */
static int put(struct snd_kcontrol *control, const struct snd_ctl_elem_value *value, long max)
{
	u32 values[KSHIM_CONTROL_CHANNELS_MAX];
	unsigned long i;

	for (i = 0; i < control->private_value; i++) {
		long one = value->value.integer.value[i];

		if (one < 0 || one > max)
			return -EINVAL;
		values[i] = one;
	}
	return xen_front_control_put(control->private_data, values);
}

static int put_level(struct snd_kcontrol *control, struct snd_ctl_elem_value *value)
{
	return put(control, value, KSHIM_CONTROL_LEVEL_MAX);
}

static int put_switch(struct snd_kcontrol *control, struct snd_ctl_elem_value *value)
{
	return put(control, value, 1);
}

static struct snd_kcontrol *to_control(struct kshim_control *control)
{
	return (struct snd_kcontrol *)control;
}

/*
 * Whether no application reads or writes a control: the core holds its lock while it copies to
 * memory of theirs, and xenwatch waits for the caller when the card goes. The caller waits for an
 * application that begins after this function has looked.
 */
static bool is_at_rest(struct snd_card *card)
{
	if (!down_write_trylock(&card->controls_rwsem))
		return false;
	up_write(&card->controls_rwsem);
	return true;
}

int kshim_control_add(struct kshim_card *card, enum kshim_control_kind kind,
		      const struct kshim_control_id *id, unsigned int channels, void *context,
		      struct kshim_control **result)
{
	bool is_level = kind == KSHIM_CONTROL_VOLUME;
	struct snd_kcontrol_new template = {
		.iface = SNDRV_CTL_ELEM_IFACE_MIXER,
		.device = id->device,
		.subdevice = id->substream,
		.name = id->name,
		.index = id->index,
		.access = SNDRV_CTL_ELEM_ACCESS_READWRITE |
			  (is_level ? SNDRV_CTL_ELEM_ACCESS_TLV_READ : 0),
		.info = is_level ? level_info : switch_info,
		.get = get,
		.put = is_level ? put_level : put_switch,
		.tlv.p = is_level ? level_tlv : NULL,
		.private_value = channels,
	};
	struct snd_kcontrol *control;
	int ret;

	if (!is_at_rest(to_card(card)))
		return -EAGAIN;
	control = snd_ctl_new1(&template, context);
	if (!control)
		return -ENOMEM;
	/* Frees it if it fails. */
	ret = snd_ctl_add(to_card(card), control);
	if (ret < 0)
		return ret;
	*result = (struct kshim_control *)control;
	return 0;
}

int kshim_control_remove(struct kshim_card *card, struct kshim_control *control)
{
	struct snd_ctl_elem_id id = to_control(control)->id;

	if (!is_at_rest(to_card(card)))
		return -EAGAIN;
	/* Not snd_ctl_remove(), which takes the core's lock since Linux 6.7 only. */
	return snd_ctl_remove_id(to_card(card), &id);
}

void kshim_control_values_changed(struct kshim_card *card, struct kshim_control *control)
{
	snd_ctl_notify(to_card(card), SNDRV_CTL_EVENT_MASK_VALUE, &to_control(control)->id);
}

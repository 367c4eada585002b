/* SPDX-License-Identifier: GPL-2.0-only */
/* What an opaque pointer of kshim is in the kernel. For src/shim only. */
#ifndef XEN_FRONT_SHIM_H
#define XEN_FRONT_SHIM_H

#include <sound/pcm.h>
#include <xen/xenbus.h>

struct kshim_card;
struct kshim_pcm;
struct kshim_substream;
struct kshim_xenbus_device;
struct snd_card;

/* Whether one more line may go to the kernel log: see kshim_log(). Context: any. */
bool shim_may_log(void);

static inline struct xenbus_device *to_xenbus(const struct kshim_xenbus_device *device)
{
	return (struct xenbus_device *)device;
}

static inline struct kshim_xenbus_device *from_xenbus(struct xenbus_device *device)
{
	return (struct kshim_xenbus_device *)device;
}

static inline struct snd_card *to_card(struct kshim_card *card)
{
	return (struct snd_card *)card;
}

static inline struct snd_pcm *to_pcm(struct kshim_pcm *pcm)
{
	return (struct snd_pcm *)pcm;
}

static inline struct snd_pcm_substream *to_substream(struct kshim_substream *substream)
{
	return (struct snd_pcm_substream *)substream;
}

/* What an open substream needs besides the driver's stream. */
struct open_substream {
	void *stream;
	struct snd_pcm_hw_constraint_list rates;
	unsigned int period_us_min;
};

static inline struct open_substream *opened_substream(struct snd_pcm_substream *substream)
{
	return substream->runtime->private_data;
}

#endif

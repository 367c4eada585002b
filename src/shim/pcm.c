// SPDX-License-Identifier: GPL-2.0-only
/* PCM devices: ALSA's operation table, and what include/kshim/pcm.h has to make them. */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <sound/control.h>
#include <sound/core.h>
#include <sound/pcm.h>
#include <sound/pcm_params.h>

#include "kshim/entry.h"
#include "kshim/pcm.h"
#include "shim.h"

static void *stream_of(struct snd_pcm_substream *substream)
{
	return opened_substream(substream)->stream;
}

static void free_open_substream(struct snd_pcm_runtime *runtime)
{
	kfree(runtime->private_data);
}

static int pcm_open(struct snd_pcm_substream *substream)
{
	struct open_substream *open = kzalloc(sizeof(*open), GFP_KERNEL);
	enum kshim_direction direction = substream->stream == SNDRV_PCM_STREAM_PLAYBACK ?
					 KSHIM_PLAYBACK : KSHIM_CAPTURE;

	if (!open)
		return -ENOMEM;
	substream->runtime->private_data = open;
	substream->runtime->private_free = free_open_substream;
	return xen_front_pcm_open(snd_pcm_substream_chip(substream), direction, substream->number,
				  (struct kshim_substream *)substream, &open->stream);
}

static int pcm_close(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_close(stream_of(substream));
}

static int pcm_hw_params(struct snd_pcm_substream *substream, struct snd_pcm_hw_params *params)
{
	return xen_front_pcm_hw_params(stream_of(substream), params_buffer_bytes(params));
}

static int pcm_hw_free(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_hw_free(stream_of(substream));
}

static int pcm_prepare(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_prepare(stream_of(substream));
}

static int pcm_trigger(struct snd_pcm_substream *substream, int command)
{
	static const enum kshim_trigger commands[] = {
		[SNDRV_PCM_TRIGGER_STOP] = KSHIM_TRIGGER_STOP,
		[SNDRV_PCM_TRIGGER_START] = KSHIM_TRIGGER_START,
		[SNDRV_PCM_TRIGGER_PAUSE_PUSH] = KSHIM_TRIGGER_PAUSE_PUSH,
		[SNDRV_PCM_TRIGGER_PAUSE_RELEASE] = KSHIM_TRIGGER_PAUSE_RELEASE,
		[SNDRV_PCM_TRIGGER_DRAIN] = KSHIM_TRIGGER_DRAIN,
		/* Another card sleeps, of which a stream is linked with this one. */
		[SNDRV_PCM_TRIGGER_SUSPEND] = KSHIM_TRIGGER_STOP,
		[SNDRV_PCM_TRIGGER_RESUME] = KSHIM_TRIGGER_STOP,
	};

	if ((unsigned int)command >= ARRAY_SIZE(commands))
		return -EINVAL;
	/* snd_pcm_undo_start(): snd_pcm_do_stop() stops nothing but what runs. */
	if (command == SNDRV_PCM_TRIGGER_STOP &&
	    substream->runtime->state == SNDRV_PCM_STATE_PREPARED)
		return xen_front_pcm_trigger(stream_of(substream), KSHIM_TRIGGER_UNDO_START);
	return xen_front_pcm_trigger(stream_of(substream), commands[command]);
}

static int pcm_sync_stop(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_sync_stop(stream_of(substream));
}

static snd_pcm_uframes_t pcm_pointer(struct snd_pcm_substream *substream)
{
	snd_pcm_uframes_t position = xen_front_pcm_pointer(stream_of(substream));

	/*
	 * Where a position has not moved for half the time of a buffer, the core guesses that it
	 * has moved by a whole one: snd_pcm_update_hw_ptr0(). Positions of this driver are exact,
	 * and may stand still for as long as the backend is away, so the core is told that a
	 * buffer lasts for ever. The core computes that time again at each start.
	 */
	substream->runtime->hw_ptr_buffer_jiffies = LONG_MAX;
	/* Which the core asks pcm_get_time_info() to change, but not for this type. */
	substream->runtime->audio_tstamp_report.actual_type = SNDRV_PCM_AUDIO_TSTAMP_TYPE_DEFAULT;
	return position;
}

/* @at_us of kshim_now_us(), as the application wants timestamps. */
static struct timespec64 timestamp_of(const struct snd_pcm_runtime *runtime, u64 at_us)
{
	ktime_t at = ns_to_ktime(at_us * NSEC_PER_USEC);

	switch (runtime->tstamp_type) {
	case SNDRV_PCM_TSTAMP_TYPE_MONOTONIC:
		return ktime_to_timespec64(at);
	case SNDRV_PCM_TSTAMP_TYPE_MONOTONIC_RAW:
		return ktime_to_timespec64(ktime_sub(ktime_get_raw(),
						     ktime_sub(ktime_get(), at)));
	default:
		return ktime_to_timespec64(ktime_mono_to_real(at));
	}
}

/*
 * The backend is the link: what its device has played, or recorded, and when this guest learnt of
 * it. It may be further by now, by what it does between two reports.
 */
static int pcm_get_time_info(struct snd_pcm_substream *substream, struct timespec64 *system_time,
			     struct timespec64 *audio_time,
			     struct snd_pcm_audio_tstamp_config *config,
			     struct snd_pcm_audio_tstamp_report *report)
{
	struct snd_pcm_runtime *runtime = substream->runtime;
	struct kshim_pcm_time time;
	u32 rest;

	if (config->type_requested != SNDRV_PCM_AUDIO_TSTAMP_TYPE_LINK ||
	    !xen_front_pcm_get_time(stream_of(substream), &time))
		return 0;
	*system_time = timestamp_of(runtime, time.at_us);
	audio_time->tv_sec = div_u64_rem(time.frames, runtime->rate, &rest);
	audio_time->tv_nsec = div_u64((u64)rest * NSEC_PER_SEC, runtime->rate);
	report->actual_type = SNDRV_PCM_AUDIO_TSTAMP_TYPE_LINK;
	report->accuracy_report = 1;
	report->accuracy = min_t(u64, div_u64((u64)time.step_frames * NSEC_PER_SEC, runtime->rate),
				 U32_MAX);
	return 0;
}

static int pcm_ack(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_ack(stream_of(substream));
}

static struct page *pcm_page(struct snd_pcm_substream *substream, unsigned long offset)
{
	unsigned char *area = READ_ONCE(substream->runtime->dma_area);

	/* The core's check of @offset lets any pass where there is no buffer: its size is zero. */
	return area ? vmalloc_to_page(area + offset) : NULL;
}

static const struct snd_pcm_ops pcm_ops = {
	.open = pcm_open,
	.close = pcm_close,
	.hw_params = pcm_hw_params,
	.hw_free = pcm_hw_free,
	.prepare = pcm_prepare,
	.trigger = pcm_trigger,
	.sync_stop = pcm_sync_stop,
	.pointer = pcm_pointer,
	.get_time_info = pcm_get_time_info,
	.ack = pcm_ack,
	.page = pcm_page,
};

unsigned int kshim_pcm_devices_max(void)
{
	/*
	 * 8 without CONFIG_SND_DYNAMIC_MINORS: the minors of device 8 would be those of other
	 * devices, or of another card.
	 */
	return SNDRV_PCM_DEVICES;
}

int kshim_pcm_create(struct kshim_card *card, unsigned int index, const char *name,
		     unsigned int playback_count, unsigned int capture_count, void *context,
		     struct kshim_pcm **result)
{
	struct snd_pcm *pcm;
	int ret = snd_pcm_new(to_card(card), name, index, playback_count, capture_count, &pcm);

	if (ret)
		return ret;
	pcm->private_data = context;
	/* The guest sleeps without applications noticing: see xen_front_suspend(). */
	pcm->no_device_suspend = true;
	strscpy(pcm->name, name, sizeof(pcm->name));
	if (playback_count)
		snd_pcm_set_ops(pcm, SNDRV_PCM_STREAM_PLAYBACK, &pcm_ops);
	if (capture_count)
		snd_pcm_set_ops(pcm, SNDRV_PCM_STREAM_CAPTURE, &pcm_ops);
	*result = (struct kshim_pcm *)pcm;
	return 0;
}

static unsigned int to_alsa_direction(enum kshim_direction direction)
{
	return direction == KSHIM_PLAYBACK ? SNDRV_PCM_STREAM_PLAYBACK : SNDRV_PCM_STREAM_CAPTURE;
}

void kshim_pcm_name_substream(struct kshim_pcm *pcm, enum kshim_direction direction,
			      unsigned int number, const char *name)
{
	struct snd_pcm_substream *substream =
		to_pcm(pcm)->streams[to_alsa_direction(direction)].substream;

	while (substream && substream->number != number)
		substream = substream->next;
	if (substream)
		strscpy(substream->name, name, sizeof(substream->name));
}

int kshim_pcm_add_channel_maps(struct kshim_pcm *pcm, enum kshim_direction direction,
			       unsigned int channels_max)
{
	/* The standard table ends at 7.1. */
	return snd_pcm_add_chmap_ctls(to_pcm(pcm), to_alsa_direction(direction),
				      snd_pcm_std_chmaps, min(channels_max, 8U), 0, NULL);
}

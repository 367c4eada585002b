// SPDX-License-Identifier: GPL-2.0-only
/* PCM devices: ALSA's operation table, and include/kshim/pcm.h over the PCM core. */
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

/* What an open substream needs besides the driver's stream. */
struct open_substream {
	void *stream;
	struct snd_pcm_hw_constraint_list rates;
};

static struct open_substream *opened(struct snd_pcm_substream *substream)
{
	return substream->runtime->private_data;
}

static void *stream_of(struct snd_pcm_substream *substream)
{
	return opened(substream)->stream;
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
		[SNDRV_PCM_TRIGGER_SUSPEND] = KSHIM_TRIGGER_SUSPEND,
		[SNDRV_PCM_TRIGGER_RESUME] = KSHIM_TRIGGER_RESUME,
		[SNDRV_PCM_TRIGGER_DRAIN] = KSHIM_TRIGGER_DRAIN,
	};

	return xen_front_pcm_trigger(stream_of(substream), commands[command]);
}

static int pcm_sync_stop(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_sync_stop(stream_of(substream));
}

static snd_pcm_uframes_t pcm_pointer(struct snd_pcm_substream *substream)
{
	int64_t position = xen_front_pcm_pointer(stream_of(substream));

	return position < 0 ? SNDRV_PCM_POS_XRUN : position;
}

static int pcm_ack(struct snd_pcm_substream *substream)
{
	return xen_front_pcm_ack(stream_of(substream));
}

static struct page *pcm_page(struct snd_pcm_substream *substream, unsigned long offset)
{
	return vmalloc_to_page(substream->runtime->dma_area + offset);
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
	.ack = pcm_ack,
	.page = pcm_page,
};

int kshim_pcm_create(struct kshim_card *card, unsigned int index, const char *name,
		     unsigned int playback_count, unsigned int capture_count, void *context,
		     struct kshim_pcm **result)
{
	struct snd_pcm *pcm;
	int ret = snd_pcm_new(to_card(card), name, index, playback_count, capture_count, &pcm);

	if (ret)
		return ret;
	pcm->private_data = context;
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

/* The integers inside an interval that may leave out its ends. */
static unsigned int first_in(const struct snd_interval *interval)
{
	return interval->min + interval->openmin;
}

static unsigned int last_in(const struct snd_interval *interval)
{
	return interval->max - interval->openmax;
}

static int refine_interval(struct snd_interval *interval, unsigned int min, unsigned int max)
{
	struct snd_interval narrower = { .min = min, .max = max, .integer = 1 };

	return snd_interval_refine(interval, &narrower);
}

/* Asks for all parameters and narrows the one that the rule is about. */
static int backend_rule(struct snd_pcm_hw_params *params, struct snd_pcm_hw_rule *rule)
{
	struct snd_mask *formats = hw_param_mask(params, SNDRV_PCM_HW_PARAM_FORMAT);
	struct snd_interval *rate = hw_param_interval(params, SNDRV_PCM_HW_PARAM_RATE);
	struct snd_interval *channels = hw_param_interval(params, SNDRV_PCM_HW_PARAM_CHANNELS);
	struct snd_interval *buffer = hw_param_interval(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE);
	struct snd_interval *period = hw_param_interval(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE);
	struct kshim_pcm_ranges ranges = {
		.formats = formats->bits[0] | (u64)formats->bits[1] << 32,
		.rate_min = first_in(rate),
		.rate_max = last_in(rate),
		.channels_min = first_in(channels),
		.channels_max = last_in(channels),
		.buffer_frames_min = first_in(buffer),
		.buffer_frames_max = last_in(buffer),
		.period_frames_min = first_in(period),
		.period_frames_max = last_in(period),
	};
	struct snd_mask narrower = {};
	int ret = xen_front_pcm_refine(rule->private, &ranges);

	if (ret < 0)
		return ret;
	switch (rule->var) {
	case SNDRV_PCM_HW_PARAM_FORMAT:
		narrower.bits[0] = lower_32_bits(ranges.formats);
		narrower.bits[1] = upper_32_bits(ranges.formats);
		return snd_mask_refine(formats, &narrower);
	case SNDRV_PCM_HW_PARAM_RATE:
		return refine_interval(rate, ranges.rate_min, ranges.rate_max);
	case SNDRV_PCM_HW_PARAM_CHANNELS:
		return refine_interval(channels, ranges.channels_min, ranges.channels_max);
	case SNDRV_PCM_HW_PARAM_BUFFER_SIZE:
		return refine_interval(buffer, ranges.buffer_frames_min, ranges.buffer_frames_max);
	default:
		return refine_interval(period, ranges.period_frames_min, ranges.period_frames_max);
	}
}

/* One rule for each parameter, run again whenever one of the other four has changed. */
static int add_backend_rules(struct snd_pcm_runtime *runtime, void *stream)
{
	static const int vars[] = {
		SNDRV_PCM_HW_PARAM_FORMAT,	SNDRV_PCM_HW_PARAM_RATE,
		SNDRV_PCM_HW_PARAM_CHANNELS,	SNDRV_PCM_HW_PARAM_BUFFER_SIZE,
		SNDRV_PCM_HW_PARAM_PERIOD_SIZE,
	};
	const unsigned int n = ARRAY_SIZE(vars);
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++) {
		ret = snd_pcm_hw_rule_add(runtime, 0, vars[i], backend_rule, stream,
					  vars[(i + 1) % n], vars[(i + 2) % n],
					  vars[(i + 3) % n], vars[(i + 4) % n], -1);
		if (ret)
			return ret;
	}
	return 0;
}

int kshim_pcm_constrain(struct kshim_substream *opaque, const struct kshim_pcm_hardware *hardware)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	struct snd_pcm_runtime *runtime = substream->runtime;
	struct open_substream *open = opened(substream);
	int ret;

	runtime->hw = (struct snd_pcm_hardware) {
		.info = SNDRV_PCM_INFO_MMAP | SNDRV_PCM_INFO_MMAP_VALID |
			SNDRV_PCM_INFO_INTERLEAVED | SNDRV_PCM_INFO_BLOCK_TRANSFER |
			SNDRV_PCM_INFO_BATCH | SNDRV_PCM_INFO_PAUSE | SNDRV_PCM_INFO_RESUME |
			SNDRV_PCM_INFO_SYNC_APPLPTR | SNDRV_PCM_INFO_NO_REWINDS |
			SNDRV_PCM_INFO_DRAIN_TRIGGER,
		.formats = hardware->formats,
		.rates = SNDRV_PCM_RATE_KNOT,
		.rate_min = hardware->rates[0],
		.rate_max = hardware->rates[hardware->rate_count - 1],
		.channels_min = hardware->channels_min,
		.channels_max = hardware->channels_max,
		.buffer_bytes_max = hardware->buffer_bytes_max,
		.period_bytes_min = 1,
		.period_bytes_max = hardware->buffer_bytes_max / 2,
		.periods_min = 2,
		.periods_max = UINT_MAX,
	};

	open->rates.list = hardware->rates;
	open->rates.count = hardware->rate_count;
	ret = snd_pcm_hw_constraint_list(runtime, 0, SNDRV_PCM_HW_PARAM_RATE, &open->rates);
	if (ret < 0)
		return ret;
	ret = snd_pcm_hw_constraint_minmax(runtime, SNDRV_PCM_HW_PARAM_PERIOD_SIZE,
					   hardware->period_frames_min, UINT_MAX);
	if (ret < 0)
		return ret;
	return add_backend_rules(runtime, open->stream);
}

void kshim_pcm_get_params(struct kshim_substream *substream, struct kshim_pcm_params *params)
{
	const struct snd_pcm_runtime *runtime = to_substream(substream)->runtime;

	params->format = (__force unsigned int)runtime->format;
	params->rate = runtime->rate;
	params->channels = runtime->channels;
	params->frame_bits = runtime->frame_bits;
	params->period_frames = runtime->period_size;
	params->buffer_frames = runtime->buffer_size;
	params->boundary = runtime->boundary;
}

void kshim_pcm_set_buffer(struct kshim_substream *substream, void *address, size_t bytes)
{
	struct snd_pcm_runtime *runtime = to_substream(substream)->runtime;

	runtime->dma_area = address;
	runtime->dma_bytes = bytes;
}

uint64_t kshim_pcm_application_pointer(struct kshim_substream *substream)
{
	return READ_ONCE(to_substream(substream)->runtime->control->appl_ptr);
}

bool kshim_pcm_has_run_out(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	struct snd_pcm_runtime *runtime = substream->runtime;
	snd_pcm_uframes_t avail = substream->stream == SNDRV_PCM_STREAM_PLAYBACK ?
					  snd_pcm_playback_avail(runtime) :
					  snd_pcm_capture_avail(runtime);

	return avail >= runtime->stop_threshold;
}

void kshim_pcm_fill_silence(struct kshim_substream *substream, unsigned int offset,
			    unsigned int frames)
{
	struct snd_pcm_runtime *runtime = to_substream(substream)->runtime;

	snd_pcm_format_set_silence(runtime->format,
				   runtime->dma_area + frames_to_bytes(runtime, offset),
				   frames * runtime->channels);
}

void kshim_pcm_set_wait_limit(struct kshim_substream *substream, unsigned int milliseconds)
{
	to_substream(substream)->wait_time = milliseconds;
}

void kshim_pcm_period_elapsed(struct kshim_substream *substream)
{
	snd_pcm_period_elapsed(to_substream(substream));
}

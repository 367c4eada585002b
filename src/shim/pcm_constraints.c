// SPDX-License-Identifier: GPL-2.0-only
/* What a PCM substream can do: kshim_pcm_constrain() over ALSA's constraints and rules. */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/time64.h>
#include <sound/pcm.h>
#include <sound/pcm_params.h>

#include "kshim/entry.h"
#include "kshim/pcm.h"
#include "shim.h"

/* Since 6.6: the driver needs no silence behind the last period, as it writes that itself. */
#ifdef SNDRV_PCM_INFO_PERFECT_DRAIN
#define INFO_PERFECT_DRAIN SNDRV_PCM_INFO_PERFECT_DRAIN
#else
#define INFO_PERFECT_DRAIN 0
#endif

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

/* The shortest period that is worth an interrupt. */
static int period_rule(struct snd_pcm_hw_params *params, struct snd_pcm_hw_rule *rule)
{
	const struct open_substream *open = rule->private;
	struct snd_interval *rate = hw_param_interval(params, SNDRV_PCM_HW_PARAM_RATE);
	struct snd_interval *period = hw_param_interval(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE);
	u64 frames = DIV_ROUND_UP_ULL((u64)first_in(rate) * open->period_us_min, USEC_PER_SEC);

	return refine_interval(period, frames, UINT_MAX);
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
	struct open_substream *open = opened_substream(substream);
	/*
	 * Of playback the backend reports as many positions as it is asked for; what is captured
	 * moves when a READ is answered, and that has to interrupt.
	 *
	 * NO_REWINDS has the core also refuse to skip more than a buffer, as an application does
	 * that has let the stream record for longer. An application that reads once more what it
	 * has read gets, as of other hardware, what has not been overwritten.
	 */
	unsigned int info_of_direction = substream->stream == SNDRV_PCM_STREAM_PLAYBACK ?
		SNDRV_PCM_INFO_NO_PERIOD_WAKEUP | SNDRV_PCM_INFO_NO_REWINDS :
		SNDRV_PCM_INFO_BATCH;
	int ret;

	runtime->hw = (struct snd_pcm_hardware) {
		.info = SNDRV_PCM_INFO_MMAP | SNDRV_PCM_INFO_MMAP_VALID |
			SNDRV_PCM_INFO_INTERLEAVED | SNDRV_PCM_INFO_BLOCK_TRANSFER |
			SNDRV_PCM_INFO_PAUSE | SNDRV_PCM_INFO_SYNC_APPLPTR |
			SNDRV_PCM_INFO_DRAIN_TRIGGER | SNDRV_PCM_INFO_HAS_LINK_ATIME |
			INFO_PERFECT_DRAIN | info_of_direction,
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
	open->period_us_min = hardware->period_us_min;
	ret = snd_pcm_hw_rule_add(runtime, 0, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, period_rule, open,
				  SNDRV_PCM_HW_PARAM_RATE, -1);
	if (ret < 0)
		return ret;
	return add_backend_rules(runtime, open->stream);
}

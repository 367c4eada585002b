// SPDX-License-Identifier: GPL-2.0-only
/* What include/kshim/pcm.h has for an open substream: its parameters, its pointers, its end. */
#include <linux/wait.h>
#include <sound/core.h>
#include <sound/pcm.h>

#include "kshim/pcm.h"
#include "shim.h"

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
	params->has_no_period_wakeup = runtime->no_period_wakeup;
}

void kshim_pcm_set_buffer(struct kshim_substream *substream, void *address, size_t bytes)
{
	struct snd_pcm_runtime *runtime = to_substream(substream)->runtime;

	/* For pcm_page(), which may run at the same time. */
	WRITE_ONCE(runtime->dma_area, address);
	runtime->dma_bytes = bytes;
}

bool kshim_pcm_is_mapped(struct kshim_substream *substream)
{
	return atomic_read(&to_substream(substream)->mmap_count) != 0;
}

static bool is_unstoppable(const struct snd_pcm_runtime *runtime)
{
	return runtime->stop_threshold > runtime->buffer_size;
}

struct kshim_pcm_mode kshim_pcm_get_mode(struct kshim_substream *substream)
{
	const struct snd_pcm_runtime *runtime = to_substream(substream)->runtime;

	return (struct kshim_pcm_mode) {
		.is_draining = READ_ONCE(runtime->state) == SNDRV_PCM_STATE_DRAINING,
		.is_unstoppable = is_unstoppable(runtime),
	};
}

static snd_pcm_sframes_t count_queued(const struct snd_pcm_substream *substream)
{
	const struct snd_pcm_runtime *runtime = substream->runtime;
	snd_pcm_uframes_t hw_ptr = READ_ONCE(runtime->status->hw_ptr);
	snd_pcm_uframes_t appl_ptr = READ_ONCE(runtime->control->appl_ptr);
	bool is_playback = substream->stream == SNDRV_PCM_STREAM_PLAYBACK;
	snd_pcm_sframes_t queued = is_playback ? appl_ptr - hw_ptr : hw_ptr - appl_ptr;

	/* Both pointers are below the boundary, and wrap there. */
	if (queued > (snd_pcm_sframes_t)(runtime->boundary / 2))
		queued -= runtime->boundary;
	else if (queued < -(snd_pcm_sframes_t)(runtime->boundary / 2))
		queued += runtime->boundary;
	return queued;
}

struct kshim_pcm_progress kshim_pcm_get_progress(struct kshim_substream *opaque)
{
	const struct snd_pcm_substream *substream = to_substream(opaque);

	return (struct kshim_pcm_progress) {
		.queued_frames = count_queued(substream),
		.is_unstoppable = is_unstoppable(substream->runtime),
	};
}

bool kshim_pcm_has_run_out(struct kshim_substream *opaque)
{
	const struct snd_pcm_substream *substream = to_substream(opaque);
	const struct snd_pcm_runtime *runtime = substream->runtime;
	snd_pcm_sframes_t avail = count_queued(substream);

	if (substream->stream == SNDRV_PCM_STREAM_PLAYBACK)
		avail = (snd_pcm_sframes_t)runtime->buffer_size - avail;
	return avail >= 0 && avail >= runtime->stop_threshold;
}

void kshim_pcm_fill_silence(struct kshim_substream *substream, unsigned int offset,
			    unsigned int frames)
{
	struct snd_pcm_runtime *runtime = to_substream(substream)->runtime;

	snd_pcm_format_set_silence(runtime->format,
				   runtime->dma_area + frames_to_bytes(runtime, offset),
				   frames * runtime->channels);
}

void kshim_pcm_set_delay(struct kshim_substream *substream, unsigned int frames)
{
	to_substream(substream)->runtime->delay = frames;
}

void kshim_pcm_wait_without_limit(struct kshim_substream *substream)
{
	/* In milliseconds: msecs_to_jiffies() makes MAX_JIFFY_OFFSET of it. */
	to_substream(substream)->wait_time = UINT_MAX;
}

void kshim_pcm_synchronize(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	unsigned long flags;

	snd_pcm_stream_lock_irqsave(substream, flags);
	snd_pcm_stream_unlock_irqrestore(substream, flags);
}

void kshim_pcm_wake_drain(struct kshim_substream *substream)
{
	wake_up(&to_substream(substream)->runtime->sleep);
}

void kshim_pcm_period_elapsed(struct kshim_substream *substream)
{
	snd_pcm_period_elapsed(to_substream(substream));
}

/*
 * A writer may wait for room in a stream that could not be started or that is paused, and nothing
 * but another state ends that.
 */
void kshim_pcm_stop_xrun(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	unsigned long flags;

	snd_pcm_stop_xrun(substream);
	snd_pcm_stream_lock_irqsave(substream, flags);
	if (substream->runtime->state == SNDRV_PCM_STATE_PREPARED ||
	    substream->runtime->state == SNDRV_PCM_STATE_PAUSED)
		snd_pcm_stop(substream, SNDRV_PCM_STATE_XRUN);
	snd_pcm_stream_unlock_irqrestore(substream, flags);
}

/*
 * ALSA puts all streams of a group in the state that one is stopped in. The devices of the others
 * may be well, so that state is an xrun. A stream that ALSA has stopped already leaves them alone.
 */
void kshim_pcm_stop_failed(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	unsigned long flags;

	snd_pcm_stream_lock_irqsave(substream, flags);
	if (snd_pcm_running(substream) || substream->runtime->state == SNDRV_PCM_STATE_PREPARED ||
	    substream->runtime->state == SNDRV_PCM_STATE_PAUSED)
		snd_pcm_stop(substream, SNDRV_PCM_STATE_XRUN);
	if (substream->runtime->state != SNDRV_PCM_STATE_OPEN) {
		__snd_pcm_set_state(substream->runtime, SNDRV_PCM_STATE_DISCONNECTED);
		/* ALSA stops no stream of a group of which one has no hw_params. */
		wake_up(&substream->runtime->sleep);
		wake_up(&substream->runtime->tsleep);
	}
	snd_pcm_stream_unlock_irqrestore(substream, flags);
}

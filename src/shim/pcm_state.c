// SPDX-License-Identifier: GPL-2.0-only
/* What ends or changes the state of a PCM stream: the rest of include/kshim/pcm.h. */
#include <sound/pcm.h>

#include "kshim/pcm.h"
#include "shim.h"

void kshim_pcm_stop_xrun(struct kshim_substream *substream)
{
	snd_pcm_stop_xrun(to_substream(substream));
}

/*
 * snd_pcm_suspend_all() would remember prepared and paused streams as such, and resume them without
 * asking the driver, whose backend has forgotten them.
 */
void kshim_pcm_suspend(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	struct snd_pcm_substream *member;
	unsigned long flags;

	snd_pcm_stream_lock_irqsave(substream, flags);
	switch (substream->runtime->state) {
	case SNDRV_PCM_STATE_OPEN:
	case SNDRV_PCM_STATE_SETUP:
	case SNDRV_PCM_STATE_DISCONNECTED:
		break;
	case SNDRV_PCM_STATE_SUSPENDED:
		substream->runtime->suspended_state = SNDRV_PCM_STATE_RUNNING;
		break;
	default:
		snd_pcm_stop(substream, SNDRV_PCM_STATE_SUSPENDED);
		snd_pcm_group_for_each_entry(member, substream)
			member->runtime->suspended_state = SNDRV_PCM_STATE_RUNNING;
		break;
	}
	snd_pcm_stream_unlock_irqrestore(substream, flags);
}

/*
 * snd_pcm_drain() starts a prepared stream, which clears the trigger master, and therefore takes
 * the stream for one that another triggers: TRIGGER_DRAIN never comes.
 */
void kshim_pcm_notice_draining(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	unsigned long flags;

	snd_pcm_stream_lock_irqsave(substream, flags);
	if (substream->runtime->state == SNDRV_PCM_STATE_DRAINING)
		substream->ops->trigger(substream, SNDRV_PCM_TRIGGER_DRAIN);
	snd_pcm_stream_unlock_irqrestore(substream, flags);
}

void kshim_pcm_stop_failed(struct kshim_substream *opaque)
{
	struct snd_pcm_substream *substream = to_substream(opaque);
	unsigned long flags;

	snd_pcm_stream_lock_irqsave(substream, flags);
	if (substream->runtime && snd_pcm_running(substream))
		snd_pcm_stop(substream, SNDRV_PCM_STATE_DISCONNECTED);
	snd_pcm_stream_unlock_irqrestore(substream, flags);
}

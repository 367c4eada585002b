/* SPDX-License-Identifier: GPL-2.0-only */
/* PCM devices and substreams of an ALSA card. */
#ifndef KSHIM_PCM_H
#define KSHIM_PCM_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_card;
struct kshim_pcm; /* struct snd_pcm */
struct kshim_substream; /* struct snd_pcm_substream */

enum kshim_direction {
	KSHIM_PLAYBACK,
	KSHIM_CAPTURE,
};

/* What trigger is asked to do; names as in ALSA. */
enum kshim_trigger {
	KSHIM_TRIGGER_START,
	KSHIM_TRIGGER_STOP,
	KSHIM_TRIGGER_PAUSE_PUSH,
	KSHIM_TRIGGER_PAUSE_RELEASE,
	KSHIM_TRIGGER_SUSPEND,
	KSHIM_TRIGGER_RESUME,
	KSHIM_TRIGGER_DRAIN,
};

/* What a substream can do. Formats are bits (1 << SNDRV_PCM_FORMAT_*). */
struct kshim_pcm_hardware {
	uint64_t formats;
	const uint32_t *rates; /* Hz, ascending; has to outlive the substream's runtime */
	unsigned int rate_count;
	unsigned int channels_min;
	unsigned int channels_max;
	size_t buffer_bytes_max;
	unsigned int period_frames_min;
};

/* What an application chose. */
struct kshim_pcm_params {
	unsigned int format; /* SNDRV_PCM_FORMAT_* */
	unsigned int rate; /* Hz */
	unsigned int channels;
	unsigned int frame_bits; /* of all channels; less than 8 with 4-bit samples */
	unsigned int period_frames;
	unsigned int buffer_frames;
	uint64_t boundary; /* where the application pointer wraps to zero, in frames */
};

/* Ranges during negotiation, both ends included. */
struct kshim_pcm_ranges {
	uint64_t formats;
	unsigned int rate_min, rate_max;
	unsigned int channels_min, channels_max;
	unsigned int buffer_frames_min, buffer_frames_max;
	unsigned int period_frames_min, period_frames_max;
};

/*
 * Adds PCM device @index to a card that is not yet registered. @context comes back in
 * xen_front_pcm_open(). 0 or a negative errno.
 */
KSHIM_MUST_CHECK int kshim_pcm_create(struct kshim_card *card, unsigned int index,
				      const char *name, unsigned int playback_count,
				      unsigned int capture_count, void *context,
				      struct kshim_pcm **pcm);
/* Names a substream, as seen in /proc/asound and by snd_pcm_info_get_subdevice_name(). */
void kshim_pcm_name_substream(struct kshim_pcm *pcm, enum kshim_direction direction,
			      unsigned int number, const char *name);

/*
 * Offers the standard channel maps, up to @channels_max channels and at most 8, as controls of
 * @direction. 0 or a negative errno.
 */
KSHIM_MUST_CHECK int kshim_pcm_add_channel_maps(struct kshim_pcm *pcm,
						enum kshim_direction direction,
						unsigned int channels_max);

/* Declares what the substream that is being opened can do. 0 or a negative errno. */
KSHIM_MUST_CHECK int kshim_pcm_constrain(struct kshim_substream *substream,
					 const struct kshim_pcm_hardware *hardware);

/* The parameters in force. Context: between hw_params and hw_free; from atomic callbacks too. */
void kshim_pcm_get_params(struct kshim_substream *substream, struct kshim_pcm_params *params);
/* Gives the runtime its buffer, or takes it away with NULL and 0. */
void kshim_pcm_set_buffer(struct kshim_substream *substream, void *address, size_t bytes);
/* The application pointer, in frames, below the boundary. Context: stream lock held. */
uint64_t kshim_pcm_application_pointer(struct kshim_substream *substream);
/*
 * Whether a stream that runs, and is not drained, is at its stop threshold: the core stops it as
 * overrun or underrun, without a word about the reason. Context: stream lock held.
 */
bool kshim_pcm_has_run_out(struct kshim_substream *substream);
/* Writes silence of the current format over @frames frames of the buffer from @offset on. */
void kshim_pcm_fill_silence(struct kshim_substream *substream, unsigned int offset,
			    unsigned int frames);

/* How long the core lets a blocked reader or writer wait without progress. Context: any. */
void kshim_pcm_set_wait_limit(struct kshim_substream *substream, unsigned int milliseconds);

/* Tells ALSA that the position moved over a period boundary. Context: any, no lock of ours held. */
void kshim_pcm_period_elapsed(struct kshim_substream *substream);
/* Stops a running stream as overrun or underrun. Context: as above. */
void kshim_pcm_stop_xrun(struct kshim_substream *substream);
/*
 * Suspends the stream, whether it is prepared, running, paused or failed: who waits wakes up, and
 * it takes a trigger RESUME, or prepare, to leave that state. Streams without parameters stay as
 * they are. Context: as above; the stream is not being closed.
 */
void kshim_pcm_suspend(struct kshim_substream *substream);
/*
 * Calls the driver's trigger with KSHIM_TRIGGER_DRAIN if the stream is draining: ALSA does so only
 * when it was running before. Context: as above.
 */
void kshim_pcm_notice_draining(struct kshim_substream *substream);
/* Stops the stream for good because its device failed: it has to be closed. Context: as above. */
void kshim_pcm_stop_failed(struct kshim_substream *substream);

KSHIM_END_DECLS

#endif

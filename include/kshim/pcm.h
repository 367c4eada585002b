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
	KSHIM_TRIGGER_STOP, /* also what the shim makes of SUSPEND and RESUME */
	KSHIM_TRIGGER_START,
	/* ALSA takes START back: this stream, or one linked with it, could not start. */
	KSHIM_TRIGGER_UNDO_START,
	KSHIM_TRIGGER_PAUSE_PUSH,
	KSHIM_TRIGGER_PAUSE_RELEASE,
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
	/* The shortest period, in frames and in time. */
	unsigned int period_frames_min;
	unsigned int period_us_min;
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
	/* It looks at the position by itself, and wants no interrupts. Only of playback. */
	bool has_no_period_wakeup;
};

/* A position of the backend's device. */
struct kshim_pcm_time {
	uint64_t frames; /* since prepare */
	uint64_t at_us; /* of kshim_now_us(), when this guest learnt of it */
	uint32_t step_frames; /* from one report to the next */
};

/* What becomes of a stream when it runs out. */
struct kshim_pcm_mode {
	bool is_draining;
	/* ALSA never stops it as overrun or underrun: its stop threshold is beyond the buffer. */
	bool is_unstoppable;
};

/* Where an application is with its stream. Returned in registers. */
struct kshim_pcm_progress {
	/*
	 * Frames between the position that .pointer returned last and the application pointer:
	 * written and not played, or recorded and not read. Negative when the position has
	 * overtaken a pointer that stands still.
	 */
	int64_t queued_frames;
	bool is_unstoppable; /* as of kshim_pcm_mode */
};

/* Ranges during negotiation, both ends included. */
struct kshim_pcm_ranges {
	uint64_t formats;
	unsigned int rate_min, rate_max;
	unsigned int channels_min, channels_max;
	unsigned int buffer_frames_min, buffer_frames_max;
	unsigned int period_frames_min, period_frames_max;
};

/* How many PCM devices a card of this kernel can have. Context: any. */
unsigned int kshim_pcm_devices_max(void);
/*
 * Adds PCM device @index to a card that is not yet registered. @context comes back in
 * xen_front_pcm_open(). 0 or a negative errno. Context: may sleep, as for the next two.
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

/*
 * Declares what the substream that is being opened can do. 0 or a negative errno. Context: in
 * xen_front_pcm_open(); may sleep.
 */
KSHIM_MUST_CHECK int kshim_pcm_constrain(struct kshim_substream *substream,
					 const struct kshim_pcm_hardware *hardware);

/* The parameters in force. Context: between hw_params and hw_free; from atomic callbacks too. */
void kshim_pcm_get_params(struct kshim_substream *substream, struct kshim_pcm_params *params);
/* Gives the runtime its buffer, or takes it away with NULL and 0. Context: any, from .open on. */
void kshim_pcm_set_buffer(struct kshim_substream *substream, void *address, size_t bytes);
/*
 * Whether applications have the buffer mapped. ALSA keeps it then, except for those of OSS, and for
 * one that maps it while another thread is in hw_free. Context: any, from .open to .close.
 */
bool kshim_pcm_is_mapped(struct kshim_substream *substream);
/*
 * What the application is doing. Context: any, between hw_params and hw_free; exact with the stream
 * lock held, without it the state of a moment ago.
 */
struct kshim_pcm_progress kshim_pcm_get_progress(struct kshim_substream *substream);
struct kshim_pcm_mode kshim_pcm_get_mode(struct kshim_substream *substream);
/*
 * Whether it is at its stop threshold: ALSA is about to stop it as overrun or underrun. Context: as
 * above.
 */
bool kshim_pcm_has_run_out(struct kshim_substream *substream);
/*
 * Writes silence of the current format over @frames frames of the buffer from @offset on. Context:
 * any, between hw_params and hw_free.
 */
void kshim_pcm_fill_silence(struct kshim_substream *substream, unsigned int offset,
			    unsigned int frames);
/* So many frames before the position are not played yet. Context: .prepare and .pointer. */
void kshim_pcm_set_delay(struct kshim_substream *substream, unsigned int frames);

/*
 * A blocked reader or writer waits for as long as it takes, instead of giving up when the position
 * does not move. Context: any, from .open on.
 */
void kshim_pcm_wait_without_limit(struct kshim_substream *substream);
/*
 * Waits for the end of the operation that ALSA carries out on the stream, if there is one. drain()
 * changes the state of a stream that it starts behind .trigger, and kshim_pcm_get_mode() gives the
 * old one until then. Context: any, with neither a spinlock of ours nor the request mutex held;
 * from .open to .close.
 */
void kshim_pcm_synchronize(struct kshim_substream *substream);
/*
 * Wakes a caller that waits for a drain, which gives up 100 ms or the length of the buffer after
 * it was woken last. Context: any, with neither a spinlock of ours nor the request mutex held; from
 * .open to .close.
 */
void kshim_pcm_wake_drain(struct kshim_substream *substream);

/*
 * Tells ALSA to look at the position, which has moved over a period boundary, or to the end of what
 * there is to play. Context: any, with neither a spinlock of ours nor the request mutex held; from
 * .open to .close; as for the next two.
 */
void kshim_pcm_period_elapsed(struct kshim_substream *substream);
/*
 * Stops a stream that runs, is paused or could not be started, as overrun or underrun. Context: as
 * above.
 */
void kshim_pcm_stop_xrun(struct kshim_substream *substream);
/*
 * Stops the stream for good because its device failed: it has to be closed. Those that are linked
 * to it have an xrun. Context: as above.
 */
void kshim_pcm_stop_failed(struct kshim_substream *substream);

KSHIM_END_DECLS

#endif

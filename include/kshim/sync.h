/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Locks, completions and time.
 *
 * The objects are embedded in C++ objects, so their size has to be known there: room for the
 * largest kernel configuration (lockdep, PREEMPT_RT), asserted in src/shim/sync.c.
 */
#ifndef KSHIM_SYNC_H
#define KSHIM_SYNC_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_spinlock {
	uint64_t opaque[24];
};

struct kshim_mutex {
	uint64_t opaque[32];
};

struct kshim_completion {
	uint64_t opaque[24];
};

/* What a lock protects. Lockdep orders locks by this, not by where they were initialised. */
enum kshim_lock_class {
	KSHIM_LOCK_RING, /* rings and positions of one stream; nests inside ALSA's stream lock */
	KSHIM_LOCK_MIXER, /* what the controls of one stream show; nests inside the ring lock */
	KSHIM_LOCK_CARD, /* what one card shows of its connection; how many cards there are */
	KSHIM_LOCK_GRANTS, /* what backends still map; no lock of ours nests inside these two */
	KSHIM_LOCK_REQUEST, /* requests of one stream that are waited for, one at a time */
	KSHIM_LOCK_SUBSTREAM, /* the substream that maintenance uses; ALSA's locks nest inside it */
	KSHIM_LOCK_FRONTEND, /* connection of one device; outside of the others */
	KSHIM_LOCK_CLASSES
};

void kshim_spinlock_init(struct kshim_spinlock *lock, enum kshim_lock_class lock_class);
/* Returns the interrupt flags that kshim_spinlock_unlock() wants back. Context: any. */
unsigned long kshim_spinlock_lock(struct kshim_spinlock *lock);
void kshim_spinlock_unlock(struct kshim_spinlock *lock, unsigned long flags);

void kshim_mutex_init(struct kshim_mutex *mutex, enum kshim_lock_class lock_class);
void kshim_mutex_destroy(struct kshim_mutex *mutex);
/* Context: may sleep. */
void kshim_mutex_lock(struct kshim_mutex *mutex);
void kshim_mutex_unlock(struct kshim_mutex *mutex);

void kshim_completion_init(struct kshim_completion *completion);
/* Forgets earlier completions; no caller may be waiting. */
void kshim_completion_rearm(struct kshim_completion *completion);
/* Wakes callers that wait now, and those that wait later. Context: any. */
void kshim_completion_complete(struct kshim_completion *completion);
/* True when completed within @milliseconds. Context: may sleep; not ended by a signal. */
bool kshim_completion_wait(struct kshim_completion *completion, unsigned int milliseconds);

/* Milliseconds of a clock that only goes forward. Context: any. */
uint64_t kshim_now_ms(void);
/* Microseconds of the same clock. Context: any. */
uint64_t kshim_now_us(void);
/* Sleeps for about @milliseconds. Context: may sleep. */
void kshim_sleep(unsigned int milliseconds);

KSHIM_END_DECLS

#endif

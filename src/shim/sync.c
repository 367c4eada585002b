// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/sync.h over the kernel's locks, completions and clock. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "kshim/sync.h"

static_assert(sizeof(spinlock_t) <= sizeof(struct kshim_spinlock));
static_assert(sizeof(struct mutex) <= sizeof(struct kshim_mutex));
static_assert(sizeof(struct completion) <= sizeof(struct kshim_completion));
static_assert(__alignof__(spinlock_t) <= __alignof__(struct kshim_spinlock));
static_assert(__alignof__(struct mutex) <= __alignof__(struct kshim_mutex));
static_assert(__alignof__(struct completion) <= __alignof__(struct kshim_completion));

static struct lock_class_key lock_keys[KSHIM_LOCK_CLASSES];

static const char *const lock_names[KSHIM_LOCK_CLASSES] = {
	[KSHIM_LOCK_RING] = "xen_front_ring",
	[KSHIM_LOCK_MIXER] = "xen_front_mixer",
	[KSHIM_LOCK_CARD] = "xen_front_card",
	[KSHIM_LOCK_GRANTS] = "xen_front_grants",
	[KSHIM_LOCK_REQUEST] = "xen_front_request",
	[KSHIM_LOCK_SUBSTREAM] = "xen_front_substream",
	[KSHIM_LOCK_FRONTEND] = "xen_front_frontend",
};

static spinlock_t *to_spinlock(struct kshim_spinlock *lock)
{
	return (spinlock_t *)lock->opaque;
}

static struct mutex *to_mutex(struct kshim_mutex *mutex)
{
	return (struct mutex *)mutex->opaque;
}

static struct completion *to_completion(struct kshim_completion *completion)
{
	return (struct completion *)completion->opaque;
}

void kshim_spinlock_init(struct kshim_spinlock *lock, enum kshim_lock_class lock_class)
{
	spin_lock_init(to_spinlock(lock));
	lockdep_set_class_and_name(to_spinlock(lock), &lock_keys[lock_class],
				   lock_names[lock_class]);
}

unsigned long kshim_spinlock_lock(struct kshim_spinlock *lock)
	__acquires(lock)
{
	unsigned long flags;

	spin_lock_irqsave(to_spinlock(lock), flags);
	return flags;
}

void kshim_spinlock_unlock(struct kshim_spinlock *lock, unsigned long flags)
	__releases(lock)
{
	spin_unlock_irqrestore(to_spinlock(lock), flags);
}

void kshim_mutex_init(struct kshim_mutex *mutex, enum kshim_lock_class lock_class)
{
	mutex_init(to_mutex(mutex));
	lockdep_set_class_and_name(to_mutex(mutex), &lock_keys[lock_class],
				   lock_names[lock_class]);
}

void kshim_mutex_destroy(struct kshim_mutex *mutex)
{
	mutex_destroy(to_mutex(mutex));
}

void kshim_mutex_lock(struct kshim_mutex *mutex)
{
	mutex_lock(to_mutex(mutex));
}

void kshim_mutex_unlock(struct kshim_mutex *mutex)
{
	mutex_unlock(to_mutex(mutex));
}

void kshim_completion_init(struct kshim_completion *completion)
{
	init_completion(to_completion(completion));
}

void kshim_completion_rearm(struct kshim_completion *completion)
{
	reinit_completion(to_completion(completion));
}

void kshim_completion_complete(struct kshim_completion *completion)
{
	complete_all(to_completion(completion));
}

bool kshim_completion_wait(struct kshim_completion *completion, unsigned int milliseconds)
{
	return wait_for_completion_timeout(to_completion(completion),
					   msecs_to_jiffies(milliseconds)) != 0;
}

uint64_t kshim_now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

uint64_t kshim_now_us(void)
{
	return ktime_to_us(ktime_get());
}

void kshim_sleep(unsigned int milliseconds)
{
	fsleep(milliseconds * 1000UL);
}

// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/work.h over the kernel's delayed works. */
#include <linux/jiffies.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "kshim/work.h"

struct work {
	struct delayed_work work;
	kshim_work_function function;
	void *context;
	spinlock_t lock; /* for what follows */
	bool is_due;
	unsigned long due; /* in jiffies */
};

static_assert(sizeof(struct work) <= sizeof(struct kshim_work));
static_assert(__alignof__(struct work) <= __alignof__(struct kshim_work));

static struct work *to_work(struct kshim_work *work)
{
	return (struct work *)work->opaque;
}

static void run(struct work_struct *delayed)
{
	struct work *work = container_of(to_delayed_work(delayed), struct work, work);
	unsigned long flags;
	unsigned int noio;

	spin_lock_irqsave(&work->lock, flags);
	work->is_due = false;
	spin_unlock_irqrestore(&work->lock, flags);
	/* xenwatch, which disks need as well, waits for mutexes that works hold. */
	noio = memalloc_noio_save();
	work->function(work->context);
	memalloc_noio_restore(noio);
}

#ifdef CONFIG_LOCKDEP
static struct lock_class_key work_keys[KSHIM_WORK_CLASSES];

static const char *const work_names[KSHIM_WORK_CLASSES] = {
	[KSHIM_WORK_FRONTEND] = "xen_front_frontend_work",
	[KSHIM_WORK_CARD] = "xen_front_card_work",
	[KSHIM_WORK_GRANTS] = "xen_front_grants_work",
};
#endif

void kshim_work_init(struct kshim_work *opaque, enum kshim_work_class work_class,
		     kshim_work_function function, void *context)
{
	struct work *work = to_work(opaque);

	INIT_DELAYED_WORK(&work->work, run);
#ifdef CONFIG_LOCKDEP
	/* All works begin here: without classes of their own lockdep takes them for one. */
	lockdep_init_map(&work->work.work.lockdep_map, work_names[work_class],
			 &work_keys[work_class], 0);
#endif
	work->function = function;
	work->context = context;
	spin_lock_init(&work->lock);
	work->is_due = false;
}

void kshim_work_schedule(struct kshim_work *opaque, unsigned int milliseconds)
{
	struct work *work = to_work(opaque);
	unsigned long delay = msecs_to_jiffies(milliseconds);
	unsigned long due = jiffies + delay;
	unsigned long flags;

	spin_lock_irqsave(&work->lock, flags);
	if (!work->is_due || time_before(due, work->due)) {
		work->is_due = true;
		work->due = due;
		/* Frozen with the processes: between suspend and resume there is no backend. */
		mod_delayed_work(system_freezable_wq, &work->work, delay);
	}
	spin_unlock_irqrestore(&work->lock, flags);
}

void kshim_work_cancel(struct kshim_work *work)
{
	cancel_delayed_work_sync(&to_work(work)->work);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one mistake, which the parameter names, when it is loaded. A kernel that looks for bugs
 * reports it and lives on; any other may not.
 */
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/kfence.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>

#define PROVOKED_SIZE 64

static char *mistake;
module_param(mistake, charp, 0);
MODULE_PARM_DESC(mistake, "which mistake to make");

static DEFINE_SPINLOCK(provoked_lock);
static DEFINE_SPINLOCK(provoked_inner);
static DEFINE_SPINLOCK(provoked_interrupt);
static int __rcu *provoked_pointer;

/* Locks --------------------------------------------------------------------------------------- */

static int provoke_rcu(void)
{
	return rcu_dereference(provoked_pointer) ? -EEXIST : 0;
}

static int provoke_lock_order(void)
{
	spin_lock(&provoked_lock);
	spin_lock(&provoked_inner);
	spin_unlock(&provoked_inner);
	spin_unlock(&provoked_lock);

	spin_lock(&provoked_inner);
	spin_lock(&provoked_lock);
	spin_unlock(&provoked_lock);
	spin_unlock(&provoked_inner);
	return 0;
}

static void take_in_interrupt(struct irq_work *work)
{
	spin_lock(&provoked_interrupt);
	spin_unlock(&provoked_interrupt);
}

/* Taken in an interrupt, and then by one whom that interrupt could interrupt. */
static int provoke_lock_interrupt(void)
{
	struct irq_work work = IRQ_WORK_INIT_HARD(take_in_interrupt);

	irq_work_queue(&work);
	irq_work_sync(&work);
	spin_lock(&provoked_interrupt);
	spin_unlock(&provoked_interrupt);
	return 0;
}

static int provoke_atomic_sleep(void)
{
	spin_lock(&provoked_lock);
	might_sleep();
	spin_unlock(&provoked_lock);
	return 0;
}

static int provoke_preemptible(void)
{
	return smp_processor_id() < nr_cpu_ids ? 0 : -ERANGE;
}

static int provoke_hang(void)
{
	/* The lab has a hang reported after 30 s; who looks comes by as rarely. */
	schedule_timeout_uninterruptible(95 * HZ);
	return 0;
}

/* Memory -------------------------------------------------------------------------------------- */

/* An object that KFENCE, if there, watches, as it does one of many, or that it does not watch. */
static u8 *allocate(struct kmem_cache *cache, bool is_fenced)
{
	bool is_wanted = is_fenced && IS_ENABLED(CONFIG_KFENCE);
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		u8 *object = kmem_cache_alloc(cache, GFP_KERNEL);

		if (!object || is_kfence_address(object) == is_wanted)
			return object;
		kmem_cache_free(cache, object);
		usleep_range(1000, 2000);
	}
	return NULL;
}

/* Has a mistake made with an object of a cache of its own. */
static int with_object(void (*make)(struct kmem_cache *cache, u8 *object), bool is_fenced)
{
	struct kmem_cache *cache;
	u8 *object;

	cache = kmem_cache_create("provoked", PROVOKED_SIZE, 0, 0, NULL);
	if (!cache)
		return -ENOMEM;
	object = allocate(cache, is_fenced);
	if (object)
		make(cache, object);
	/* Looks at every object again, freed or not. */
	kmem_cache_destroy(cache);
	return object ? 0 : -ENOMEM;
}

static void write_beyond(struct kmem_cache *cache, u8 *object)
{
	WRITE_ONCE(object[PROVOKED_SIZE], 0);
	kmem_cache_free(cache, object);
}

static int provoke_overrun(void)
{
	return with_object(write_beyond, false);
}

static void write_freed(struct kmem_cache *cache, u8 *object)
{
	kmem_cache_free(cache, object);
	WRITE_ONCE(object[0], 0);
}

static int provoke_write_freed(void)
{
	return with_object(write_freed, false);
}

static void read_freed(struct kmem_cache *cache, u8 *object)
{
	kmem_cache_free(cache, object);
	READ_ONCE(object[0]);
}

static int provoke_read_freed(void)
{
	return with_object(read_freed, true);
}

static int read_freed_page(void *unused)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	free_page(page);
	READ_ONCE(*(u8 *)page);
	return 0;
}

/* In a thread of its own, which does not survive it. */
static int provoke_freed_page(void)
{
	struct task_struct *thread = kthread_run(read_freed_page, NULL, "provoked");

	if (IS_ERR(thread))
		return PTR_ERR(thread);
	ssleep(1);
	return 0;
}

static u8 provoked_global[PROVOKED_SIZE];

/* Only the compiler's own checks know of these two. */
static int provoke_global_overrun(void)
{
	size_t size = PROVOKED_SIZE;

	OPTIMIZER_HIDE_VAR(size);
	return READ_ONCE(*(provoked_global + size)) ? -EEXIST : 0;
}

static int provoke_stack_overrun(void)
{
	u8 local[PROVOKED_SIZE] = {};
	size_t size = PROVOKED_SIZE;

	OPTIMIZER_HIDE_VAR(size);
	return READ_ONCE(*((u8 *)local + size)) ? -EEXIST : 0;
}

/* Several, as kmemleak takes what is left of a pointer on any stack for a reference. */
static int provoke_leak(void)
{
	int count;

	for (count = 0; count < 8; count++) {
		if (!kstrdup("provoked: leaked on purpose", GFP_KERNEL))
			return -ENOMEM;
	}
	return 0;
}

/* Objects ------------------------------------------------------------------------------------- */

static void provoked_timeout(struct timer_list *timer)
{
}

static int provoke_active_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return -ENOMEM;
	timer_setup(timer, provoked_timeout, 0);
	mod_timer(timer, jiffies + 3600 * HZ);
	kfree(timer);
	return 0;
}

static int provoke_list(void)
{
	LIST_HEAD(list);
	LIST_HEAD(entry);

	list_add(&entry, &list);
	list_del(&entry);
	list_del(&entry);
	return 0;
}

/* Arithmetic ---------------------------------------------------------------------------------- */

static int provoke_bounds(void)
{
	static int provoked_table[4];
	unsigned int index = ARRAY_SIZE(provoked_table);
	int element;

	OPTIMIZER_HIDE_VAR(index);
	element = provoked_table[index];
	OPTIMIZER_HIDE_VAR(element);
	return 0;
}

static int provoke_shift(void)
{
	unsigned int bits = 32;
	int shifted;

	OPTIMIZER_HIDE_VAR(bits);
	shifted = 1 << bits;
	OPTIMIZER_HIDE_VAR(shifted);
	return 0;
}

static const struct {
	const char *name;
	int (*provoke)(void);
} mistakes[] = {
	{ "rcu", provoke_rcu },
	{ "lock-order", provoke_lock_order },
	{ "lock-interrupt", provoke_lock_interrupt },
	{ "atomic-sleep", provoke_atomic_sleep },
	{ "preemptible", provoke_preemptible },
	{ "hang", provoke_hang },
	{ "overrun", provoke_overrun },
	{ "write-freed", provoke_write_freed },
	{ "read-freed", provoke_read_freed },
	{ "freed-page", provoke_freed_page },
	{ "global-overrun", provoke_global_overrun },
	{ "stack-overrun", provoke_stack_overrun },
	{ "leak", provoke_leak },
	{ "active-timer", provoke_active_timer },
	{ "list", provoke_list },
	{ "bounds", provoke_bounds },
	{ "shift", provoke_shift },
};

static int __init provoker_init(void)
{
	size_t at;

	for (at = 0; mistake && at < ARRAY_SIZE(mistakes); at++) {
		if (!strcmp(mistakes[at].name, mistake))
			return mistakes[at].provoke();
	}
	return -EINVAL;
}

static void __exit provoker_exit(void)
{
}

module_init(provoker_init);
module_exit(provoker_exit);
MODULE_DESCRIPTION("Makes the mistakes that a kernel looks for");
MODULE_LICENSE("GPL");

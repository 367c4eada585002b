/* SPDX-License-Identifier: GPL-2.0-only */
/* A function that runs in a thread of its own, soon or later. */
#ifndef KSHIM_WORK_H
#define KSHIM_WORK_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

/* Embedded in C++ objects: room for the largest configuration, asserted in src/shim/work.c. */
struct kshim_work {
	uint64_t opaque[64];
};

typedef void (*kshim_work_function)(void *context);

/* For lockdep: with locks that functions of one class take, one of another may be waited for. */
enum kshim_work_class {
	KSHIM_WORK_FRONTEND,
	KSHIM_WORK_CARD,
	KSHIM_WORK_GRANTS,
	KSHIM_WORK_CLASSES,
};

/* @function will be called with @context; it may sleep. It never runs twice at a time. */
void kshim_work_init(struct kshim_work *work, enum kshim_work_class work_class,
		     kshim_work_function function, void *context);
/*
 * Has the function run once more, within @milliseconds from now: a run that is due earlier serves
 * as well. Not while the guest is suspended. Context: any.
 */
void kshim_work_schedule(struct kshim_work *work, unsigned int milliseconds);
/*
 * Takes back a run that is due and waits for one that is under way. No caller may schedule it any
 * more. Context: may sleep.
 */
void kshim_work_cancel(struct kshim_work *work);

KSHIM_END_DECLS

#endif

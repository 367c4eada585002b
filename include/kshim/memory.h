/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of the driver's own. Nothing allocated here is ever shared with a backend. */
#ifndef KSHIM_MEMORY_H
#define KSHIM_MEMORY_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

/*
 * Zeroed memory of @size bytes, aligned for any object; NULL when there is none.
 * Context: may sleep.
 */
void *kshim_alloc(size_t size);

/* Gives back what kshim_alloc() or a kshim_xenstore_* read returned; NULL is allowed. May sleep. */
void kshim_free(const void *memory);

KSHIM_END_DECLS

#endif

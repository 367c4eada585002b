// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/memory.h over the slab and vmalloc allocators. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "kshim/memory.h"

void *kshim_alloc(size_t size)
{
	return kvzalloc(size, GFP_KERNEL);
}

void kshim_free(const void *memory)
{
	kvfree(memory);
}

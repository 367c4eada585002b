// SPDX-License-Identifier: GPL-2.0-only
#include "shim.h"

/*
 * KCSAN: what GCC has the C++ call where an object gets its virtual table, and where it is
 * destroyed. The kernel is C and has no such functions. No object of the driver with a virtual
 * table is shared by threads.
 */
#ifdef CONFIG_KCSAN
void __tsan_vptr_update(void *table, void *value)
{
}

void __tsan_vptr_read(void *table)
{
}
#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* XenStore. Everything here may sleep. */
#ifndef KSHIM_XENSTORE_H
#define KSHIM_XENSTORE_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

/* The id of no transaction. */
#define KSHIM_XENSTORE_NO_TRANSACTION 0u

/*
 * The value of @directory/@node, NUL-terminated, @length bytes without that; free with
 * kshim_free(). 0, or a negative errno (-ENOENT: there is no such node).
 */
KSHIM_MUST_CHECK int kshim_xenstore_read(uint32_t transaction, const char *directory,
					 const char *node, char **value, size_t *length);
/*
 * The names of the children of @directory/@node: @count pointers into one block of memory that
 * starts at *@names; free that with kshim_free(). 0 or a negative errno.
 */
KSHIM_MUST_CHECK int kshim_xenstore_list(uint32_t transaction, const char *directory,
					 const char *node, char ***names, unsigned int *count);
KSHIM_MUST_CHECK int kshim_xenstore_write(uint32_t transaction, const char *directory,
					  const char *node, const char *value);
KSHIM_MUST_CHECK int kshim_xenstore_transaction_start(uint32_t *transaction);
/* 0, -EAGAIN (another client wrote the same nodes: start again) or another negative errno. */
KSHIM_MUST_CHECK int kshim_xenstore_transaction_end(uint32_t transaction, bool abort);

KSHIM_END_DECLS

#endif

// SPDX-License-Identifier: GPL-2.0-only
/* include/kshim/xenstore.h over the kernel's XenStore client. */
#include <linux/err.h>
#include <linux/mm.h>
#include <xen/xenbus.h>

#include "kshim/xenstore.h"

static struct xenbus_transaction to_transaction(uint32_t id)
{
	return (struct xenbus_transaction){ .id = id };
}

int kshim_xenstore_read(uint32_t transaction, const char *directory, const char *node,
			char **value, size_t *length)
{
	unsigned int len;
	char *read = xenbus_read(to_transaction(transaction), directory, node, &len);

	if (IS_ERR(read))
		return PTR_ERR(read);
	*value = read;
	*length = len;
	return 0;
}

int kshim_xenstore_list(uint32_t transaction, const char *directory, const char *node,
			char ***names, unsigned int *count)
{
	char **list = xenbus_directory(to_transaction(transaction), directory, node, count);

	if (IS_ERR(list))
		return PTR_ERR(list);
	*names = list;
	return 0;
}

int kshim_xenstore_write(uint32_t transaction, const char *directory, const char *node,
			 const char *value)
{
	return xenbus_write(to_transaction(transaction), directory, node, value);
}

int kshim_xenstore_transaction_start(uint32_t *transaction)
{
	struct xenbus_transaction started;
	int ret = xenbus_transaction_start(&started);

	*transaction = ret ? 0 : started.id;
	return ret;
}

int kshim_xenstore_transaction_end(uint32_t transaction, bool abort)
{
	return xenbus_transaction_end(to_transaction(transaction), abort);
}

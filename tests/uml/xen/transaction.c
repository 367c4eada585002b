// SPDX-License-Identifier: GPL-2.0-only
/* XenStore's transactions: what is written waits for the end, and collides with other writers. */
#include <linux/delay.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

struct touched {
	struct list_head list;
	char path[FAKE_XEN_PATH_MAX];
};

struct fake_transaction {
	struct list_head list;
	u32 id;
	bool is_outdated;
	struct list_head written; /* struct fake_node */
	struct list_head touched;
};

/* The store's lock is held for all of these. */
static LIST_HEAD(transactions);
static u32 last_id;
static unsigned int collisions;

struct fake_transaction *fake_transaction_find(u32 id)
{
	struct fake_transaction *transaction;

	list_for_each_entry(transaction, &transactions, list) {
		if (transaction->id == id)
			return transaction;
	}
	return NULL;
}

struct list_head *fake_transaction_nodes(struct fake_transaction *transaction)
{
	return &transaction->written;
}

struct fake_node *fake_transaction_written(struct fake_transaction *transaction, const char *path)
{
	struct fake_node *node;

	list_for_each_entry(node, &transaction->written, list) {
		if (!strcmp(node->path, path))
			return node;
	}
	return NULL;
}

int fake_transaction_touch(struct fake_transaction *transaction, const char *path)
{
	struct touched *touched = kzalloc(sizeof(*touched), GFP_KERNEL);

	if (!touched)
		return -ENOMEM;
	strscpy(touched->path, path, sizeof(touched->path));
	list_add(&touched->list, &transaction->touched);
	return 0;
}

int fake_transaction_write(struct fake_transaction *transaction, const char *path,
			   const char *value, size_t length)
{
	struct fake_node *node = fake_transaction_written(transaction, path);
	char *copy = kmemdup_nul(value, length, GFP_KERNEL);

	if (!copy || fake_transaction_touch(transaction, path)) {
		kfree(copy);
		return -ENOMEM;
	}
	if (!node) {
		node = kzalloc(sizeof(*node), GFP_KERNEL);
		if (node)
			node->path = kstrdup(path, GFP_KERNEL);
		if (!node || !node->path) {
			kfree(node);
			kfree(copy);
			return -ENOMEM;
		}
		list_add_tail(&node->list, &transaction->written);
	}
	kfree(node->value);
	node->value = copy;
	node->length = length;
	return 0;
}

void fake_transactions_collide(const char *path)
{
	struct fake_transaction *transaction;
	struct touched *touched;

	list_for_each_entry(transaction, &transactions, list) {
		list_for_each_entry(touched, &transaction->touched, list) {
			if (fake_path_is_in(path, touched->path) ||
			    fake_path_is_in(touched->path, path))
				transaction->is_outdated = true;
		}
	}
}

unsigned int fake_transaction_count(void)
{
	struct fake_transaction *transaction;
	unsigned int count = 0;

	list_for_each_entry(transaction, &transactions, list)
		count++;
	return count;
}

void fake_transaction_collide_next(unsigned int count)
{
	fake_store_lock();
	collisions = count;
	fake_store_unlock();
}

int xenbus_transaction_start(struct xenbus_transaction *t)
{
	struct fake_transaction *transaction = kzalloc(sizeof(*transaction), GFP_KERNEL);

	if (!transaction)
		return -ENOMEM;
	INIT_LIST_HEAD(&transaction->written);
	INIT_LIST_HEAD(&transaction->touched);
	fake_store_lock();
	transaction->id = ++last_id;
	list_add(&transaction->list, &transactions);
	t->id = transaction->id;
	fake_store_unlock();
	return 0;
}
EXPORT_SYMBOL_GPL(xenbus_transaction_start);

static void free_written(struct fake_node *node)
{
	list_del(&node->list);
	kfree(node->path);
	kfree(node->value);
	kfree(node);
}

int xenbus_transaction_end(struct xenbus_transaction t, bool abort)
{
	struct fake_transaction *transaction;
	struct touched *touched, *next_touched;
	struct fake_node *node, *next;
	int ret = 0;

	fake_store_lock();
	transaction = fake_transaction_find(t.id);
	if (!transaction) {
		fake_store_unlock();
		return -ENOENT;
	}
	list_del(&transaction->list);
	if (!abort && (transaction->is_outdated || collisions)) {
		if (!transaction->is_outdated)
			collisions--;
		ret = -EAGAIN;
	}
	if (!abort && !ret) {
		list_for_each_entry(node, &transaction->written, list)
			ret = ret ?: fake_store_put(node->path, node->value, node->length);
	}
	fake_store_unlock();

	list_for_each_entry_safe(node, next, &transaction->written, list) {
		if (!abort && !ret)
			fake_watches_fire(node->path);
		free_written(node);
	}
	list_for_each_entry_safe(touched, next_touched, &transaction->touched, list)
		kfree(touched);
	kfree(transaction);
	/* Other threads go on while xenstored answers. */
	usleep_range(10, 20);
	return ret;
}
EXPORT_SYMBOL_GPL(xenbus_transaction_end);

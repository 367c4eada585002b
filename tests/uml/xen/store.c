// SPDX-License-Identifier: GPL-2.0-only
/* XenStore's tree: a sorted list is enough for a few cards. */
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

static LIST_HEAD(nodes); /* by path */
static DEFINE_MUTEX(store_mutex);

void fake_store_lock(void)
{
	mutex_lock(&store_mutex);
}

void fake_store_unlock(void)
{
	mutex_unlock(&store_mutex);
}

char *fake_path(const char *directory, const char *node)
{
	const char *separator = *node ? "/" : "";

	return *directory == '/' ?
		       kasprintf(GFP_KERNEL, "%s%s%s", directory, separator, node) :
		       kasprintf(GFP_KERNEL, "%s/%s%s%s", FAKE_XEN_GUEST_PATH, directory, separator,
				 node);
}

bool fake_path_is_in(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return !strncmp(path, directory, length) && (!path[length] || path[length] == '/');
}

static struct fake_node *find(const char *path)
{
	struct fake_node *node;

	list_for_each_entry(node, &nodes, list) {
		if (!strcmp(node->path, path))
			return node;
	}
	return NULL;
}

static void free_node(struct fake_node *node)
{
	list_del(&node->list);
	kfree(node->path);
	kfree(node->value);
	kfree(node);
}

int fake_store_put(const char *path, const char *value, size_t length)
{
	struct fake_node *node = find(path);
	struct fake_node *next;
	char *copy = kmemdup_nul(value, length, GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	fake_transactions_collide(path);
	if (node) {
		kfree(node->value);
		node->value = copy;
		node->length = length;
		return 0;
	}
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (node)
		node->path = kstrdup(path, GFP_KERNEL);
	if (!node || !node->path) {
		kfree(node);
		kfree(copy);
		return -ENOMEM;
	}
	node->value = copy;
	node->length = length;
	list_for_each_entry(next, &nodes, list) {
		if (strcmp(next->path, path) > 0)
			break;
	}
	/* Before the first that comes behind it, or at the end. */
	list_add_tail(&node->list, &next->list);
	return 0;
}

/* Both lists of nodes that a reader in @transaction sees: its own writes hide the tree's. */
static const struct fake_node *visible(struct fake_transaction *transaction, const char *path)
{
	const struct fake_node *written =
		transaction ? fake_transaction_written(transaction, path) : NULL;

	return written ? written : find(path);
}

int fake_store_read(u32 id, const char *path, char **value, size_t *length)
{
	struct fake_transaction *transaction;
	const struct fake_node *node;
	int ret = -ENOENT;

	fake_store_lock();
	transaction = fake_transaction_find(id);
	if (id && !transaction) {
		ret = -EINVAL;
		goto unlock;
	}
	if (transaction && fake_transaction_touch(transaction, path)) {
		ret = -ENOMEM;
		goto unlock;
	}
	node = visible(transaction, path);
	if (node) {
		*value = kmemdup_nul(node->value, node->length, GFP_KERNEL);
		*length = node->length;
		ret = *value ? 0 : -ENOMEM;
	}
unlock:
	fake_store_unlock();
	return ret;
}

/* A directory is there if it, or anything below it, was written. */
static bool exists(struct fake_transaction *transaction, const char *path)
{
	const struct fake_node *node;

	list_for_each_entry(node, &nodes, list) {
		if (fake_path_is_in(node->path, path))
			return true;
	}
	if (!transaction)
		return false;
	list_for_each_entry(node, fake_transaction_nodes(transaction), list) {
		if (fake_path_is_in(node->path, path))
			return true;
	}
	return false;
}

bool fake_store_exists(u32 id, const char *path)
{
	bool is_there;

	fake_store_lock();
	is_there = exists(fake_transaction_find(id), path);
	fake_store_unlock();
	return is_there;
}

/* Adds the name of the child of @path that @node is or is in, unless it is there already. */
static bool add_child(const struct fake_node *node, const char *path, char *names, size_t *length)
{
	const char *child = node->path + strlen(path) + 1;
	size_t child_length;
	size_t at;

	if (!fake_path_is_in(node->path, path) || strlen(node->path) <= strlen(path))
		return false;
	child_length = strcspn(child, "/");
	for (at = 0; at < *length; at += strlen(names + at) + 1) {
		if (strlen(names + at) == child_length && !strncmp(names + at, child, child_length))
			return false;
	}
	if (*length + child_length + 1 > FAKE_XEN_VALUE_MAX)
		return false;
	memcpy(names + *length, child, child_length);
	*length += child_length + 1;
	return true;
}

int fake_store_list(u32 id, const char *path, char **names, size_t *length, unsigned int *count)
{
	struct fake_transaction *transaction;
	const struct fake_node *node;
	char *list = kzalloc(FAKE_XEN_VALUE_MAX, GFP_KERNEL);
	int ret = -ENOENT;

	if (!list)
		return -ENOMEM;
	*length = 0;
	*count = 0;
	fake_store_lock();
	transaction = fake_transaction_find(id);
	if (id && !transaction) {
		ret = -EINVAL;
		goto unlock;
	}
	if (transaction && fake_transaction_touch(transaction, path)) {
		ret = -ENOMEM;
		goto unlock;
	}
	if (!exists(transaction, path))
		goto unlock;
	list_for_each_entry(node, &nodes, list)
		*count += add_child(node, path, list, length);
	if (transaction) {
		list_for_each_entry(node, fake_transaction_nodes(transaction), list)
			*count += add_child(node, path, list, length);
	}
	ret = 0;
unlock:
	fake_store_unlock();
	if (ret)
		kfree(list);
	else
		*names = list;
	return ret;
}

int fake_store_write(u32 id, const char *path, const char *value, size_t length)
{
	struct fake_transaction *transaction;
	int ret;

	fake_store_lock();
	transaction = fake_transaction_find(id);
	if (id && !transaction)
		ret = -EINVAL;
	else if (transaction)
		ret = fake_transaction_write(transaction, path, value, length);
	else
		ret = fake_store_put(path, value, length);
	fake_store_unlock();
	if (!ret && !id)
		fake_watches_fire(path);
	return ret;
}

int fake_store_forget(const char *path)
{
	struct fake_node *node, *next;
	int ret = -ENOENT;

	fake_store_lock();
	list_for_each_entry_safe(node, next, &nodes, list) {
		if (!fake_path_is_in(node->path, path))
			continue;
		fake_transactions_collide(node->path);
		free_node(node);
		ret = 0;
	}
	fake_store_unlock();
	return ret;
}

int fake_store_remove(const char *path)
{
	int ret = fake_store_forget(path);

	if (!ret)
		fake_watches_fire(path);
	return ret;
}

void fake_store_destroy(void)
{
	struct fake_node *node, *next;

	list_for_each_entry_safe(node, next, &nodes, list)
		free_node(node);
}

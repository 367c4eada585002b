// SPDX-License-Identifier: GPL-2.0-only
/* /dev/fake-xen: see fake_xen.h. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "internal.h"

struct fake_client {
	wait_queue_head_t wait;
};

void fake_client_wake(struct fake_client *client)
{
	wake_up(&client->wait);
}

static int client_open(struct inode *inode, struct file *file)
{
	struct fake_client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	init_waitqueue_head(&client->wait);
	file->private_data = client;
	return 0;
}

static int client_release(struct inode *inode, struct file *file)
{
	struct fake_client *client = file->private_data;

	fake_client_unwatch_all(client);
	fake_client_unbind_all(client);
	kfree(client);
	return 0;
}

static __poll_t client_poll(struct file *file, poll_table *table)
{
	struct fake_client *client = file->private_data;

	poll_wait(file, &client->wait, table);
	return fake_client_has_event(client) || fake_client_has_watch_event(client) ?
		       EPOLLIN | EPOLLRDNORM : 0;
}

static int client_mmap(struct file *file, struct vm_area_struct *vma)
{
	return fake_grant_map(vma);
}

/* ---- XenStore */

static int read_node(struct fake_xen_node *node, const char *path)
{
	size_t length;
	char *value;
	int ret = fake_store_read(0, path, &value, &length);

	if (ret)
		return ret;
	node->length = min_t(size_t, length, sizeof(node->value) - 1);
	memcpy(node->value, value, node->length);
	node->value[node->length] = '\0';
	kfree(value);
	return 0;
}

static int list_node(struct fake_xen_node *node, const char *path)
{
	unsigned int count;
	size_t length;
	char *names;
	int ret = fake_store_list(0, path, &names, &length, &count);

	if (ret)
		return ret;
	node->length = length;
	memcpy(node->value, names, length);
	kfree(names);
	return 0;
}

static int restore(void)
{
	fake_grants_void();
	fake_channels_sever();
	return fake_bus_restore();
}

static int node_command(struct fake_client *client, unsigned int command,
			struct fake_xen_node *node)
{
	char *path;
	int ret;

	if (node->length > sizeof(node->value) ||
	    strnlen(node->path, sizeof(node->path)) == sizeof(node->path))
		return -EINVAL;
	path = fake_path(node->path, "");
	if (!path)
		return -ENOMEM;
	switch (command) {
	case FAKE_XEN_READ:
		ret = read_node(node, path);
		break;
	case FAKE_XEN_WRITE:
		ret = fake_store_write(0, path, node->value, node->length);
		break;
	case FAKE_XEN_REMOVE:
		ret = fake_store_remove(path);
		break;
	case FAKE_XEN_RESTORE_WITHOUT:
		ret = fake_store_forget(path);
		ret = ret ?: restore();
		break;
	case FAKE_XEN_LIST:
		ret = list_node(node, path);
		break;
	case FAKE_XEN_WATCH:
		ret = fake_client_watch(client, node->path);
		break;
	case FAKE_XEN_UNWATCH:
		ret = fake_client_unwatch(client, node->path);
		break;
	default:
		ret = fake_client_next_watch(client, node);
		break;
	}
	kfree(path);
	return ret;
}

static long node_ioctl(struct fake_client *client, unsigned int command, void __user *argument)
{
	struct fake_xen_node *node = memdup_user(argument, sizeof(*node));
	long ret;

	if (IS_ERR(node))
		return PTR_ERR(node);
	ret = node_command(client, command, node);
	if (!ret && (_IOC_DIR(command) & _IOC_READ) && copy_to_user(argument, node, sizeof(*node)))
		ret = -EFAULT;
	kfree(node);
	return ret;
}

/* ---- event channels, and the whole */

static long number_ioctl(struct fake_client *client, unsigned int command, u32 __user *argument)
{
	u32 number = 0;
	int ret;

	if ((_IOC_DIR(command) & _IOC_WRITE) && get_user(number, argument))
		return -EFAULT;
	switch (command) {
	case FAKE_XEN_BIND:
		return fake_client_bind(client, number);
	case FAKE_XEN_UNBIND:
		return fake_client_unbind(client, number);
	case FAKE_XEN_NOTIFY:
		return fake_client_notify(number);
	case FAKE_XEN_COLLIDE:
		fake_transaction_collide_next(number);
		return 0;
	default:
		ret = fake_client_next_event(client, &number);
		return ret ?: put_user(number, argument);
	}
}

static long channel_ioctl(struct fake_xen_channel __user *argument)
{
	struct fake_xen_channel channel;
	int ret;

	if (copy_from_user(&channel, argument, sizeof(channel)))
		return -EFAULT;
	ret = fake_channel_describe(&channel);
	if (!ret && copy_to_user(argument, &channel, sizeof(channel)))
		ret = -EFAULT;
	return ret;
}

static long counts_ioctl(struct fake_xen_counts __user *argument)
{
	struct fake_xen_counts counts = { .channels = fake_channel_count() };

	fake_grant_counts(&counts);
	fake_store_lock();
	counts.transactions = fake_transaction_count();
	fake_store_unlock();
	return copy_to_user(argument, &counts, sizeof(counts)) ? -EFAULT : 0;
}

static long client_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct fake_client *client = file->private_data;
	void __user *user = (void __user *)argument;

	switch (command) {
	case FAKE_XEN_READ:
	case FAKE_XEN_WRITE:
	case FAKE_XEN_REMOVE:
	case FAKE_XEN_RESTORE_WITHOUT:
	case FAKE_XEN_LIST:
	case FAKE_XEN_WATCH:
	case FAKE_XEN_UNWATCH:
	case FAKE_XEN_NEXT_WATCH:
		return node_ioctl(client, command, user);
	case FAKE_XEN_COLLIDE:
	case FAKE_XEN_BIND:
	case FAKE_XEN_UNBIND:
	case FAKE_XEN_NOTIFY:
	case FAKE_XEN_NEXT_EVENT:
		return number_ioctl(client, command, user);
	case FAKE_XEN_CHANNEL:
		return channel_ioctl(user);
	case FAKE_XEN_COUNTS:
		return counts_ioctl(user);
	case FAKE_XEN_RESTORE:
		return restore();
	case FAKE_XEN_SETTLE:
		return fake_watch_settle();
	default:
		return -ENOTTY;
	}
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = client_open,
	.release = client_release,
	.poll = client_poll,
	.mmap = client_mmap,
	.unlocked_ioctl = client_ioctl,
};

static struct miscdevice control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "fake-xen",
	.fops = &operations,
	.mode = 0600,
};

int fake_control_start(void)
{
	return misc_register(&control);
}

void fake_control_stop(void)
{
	misc_deregister(&control);
}

// SPDX-License-Identifier: GPL-2.0-only
/* Watches: the kernel's, whose callbacks the xenwatch thread calls in turn, and clients'. */
#include <linux/kthread.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "internal.h"

struct kernel_event {
	struct list_head list;
	struct xenbus_watch *watch;
	char path[FAKE_XEN_PATH_MAX];
};

struct client_watch {
	struct list_head list;
	struct fake_client *client;
	char path[FAKE_XEN_PATH_MAX];
};

struct client_event {
	struct list_head list;
	struct fake_client *client;
	char watched[FAKE_XEN_PATH_MAX];
	char path[FAKE_XEN_PATH_MAX];
};

/* Guards the four lists. */
static DEFINE_SPINLOCK(watch_lock);
static LIST_HEAD(watches); /* struct xenbus_watch */
static LIST_HEAD(kernel_events);
static LIST_HEAD(client_watches);
static LIST_HEAD(client_events);

static DECLARE_WAIT_QUEUE_HEAD(xenwatch_wait);
/* Held while a callback runs. */
static DEFINE_MUTEX(xenwatch_mutex);
static struct task_struct *xenwatch_task;
/* A callback runs. */
static bool is_serving;
static DECLARE_WAIT_QUEUE_HEAD(settled_wait);

/* A path as the one who set a relative watch gets to see it. */
static const char *as_watched(const char *path, const char *watched)
{
	if (*watched != '/' && fake_path_is_in(path, FAKE_XEN_GUEST_PATH))
		return path + strlen(FAKE_XEN_GUEST_PATH) + 1;
	return path;
}

/* watch_lock is held. */
static void queue_for_kernel(struct xenbus_watch *watch, const char *path)
{
	const char *shown = as_watched(path, watch->node);
	struct kernel_event *event;

	if (watch->will_handle && !watch->will_handle(watch, shown, ""))
		return;
	event = kzalloc(sizeof(*event), GFP_ATOMIC);
	if (!event)
		return;
	event->watch = watch;
	strscpy(event->path, shown, sizeof(event->path));
	list_add_tail(&event->list, &kernel_events);
	watch->nr_pending++;
	wake_up(&xenwatch_wait);
}

/* watch_lock is held. */
static void queue_for_client(struct client_watch *watch, const char *path)
{
	struct client_event *event = kzalloc(sizeof(*event), GFP_ATOMIC);

	if (!event)
		return;
	event->client = watch->client;
	strscpy(event->watched, watch->path, sizeof(event->watched));
	strscpy(event->path, path, sizeof(event->path));
	list_add_tail(&event->list, &client_events);
	fake_client_wake(watch->client);
}

/* Whether a change of @path concerns a watch: a removal concerns those below as well. */
static bool concerns(const char *path, const char *watched)
{
	char absolute[FAKE_XEN_PATH_MAX];

	if (*watched == '/')
		return fake_path_is_in(path, watched) || fake_path_is_in(watched, path);
	snprintf(absolute, sizeof(absolute), "%s/%s", FAKE_XEN_GUEST_PATH, watched);
	return fake_path_is_in(path, absolute) || fake_path_is_in(absolute, path);
}

void fake_watches_fire(const char *path)
{
	struct xenbus_watch *watch;
	struct client_watch *client_watch;

	spin_lock(&watch_lock);
	list_for_each_entry(watch, &watches, list) {
		if (concerns(path, watch->node))
			queue_for_kernel(watch, path);
	}
	list_for_each_entry(client_watch, &client_watches, list) {
		if (concerns(path, client_watch->path))
			queue_for_client(client_watch, path);
	}
	spin_unlock(&watch_lock);
}

/* ---- the kernel */

int register_xenbus_watch(struct xenbus_watch *watch)
{
	char *path = fake_path(watch->node, "");

	if (!path)
		return -ENOMEM;
	spin_lock(&watch_lock);
	watch->nr_pending = 0;
	list_add(&watch->list, &watches);
	queue_for_kernel(watch, path);
	spin_unlock(&watch_lock);
	kfree(path);
	return 0;
}
EXPORT_SYMBOL_GPL(register_xenbus_watch);

void unregister_xenbus_watch(struct xenbus_watch *watch)
{
	struct kernel_event *event, *next;

	spin_lock(&watch_lock);
	list_del(&watch->list);
	list_for_each_entry_safe(event, next, &kernel_events, list) {
		if (event->watch != watch)
			continue;
		list_del(&event->list);
		kfree(event);
	}
	watch->nr_pending = 0;
	spin_unlock(&watch_lock);
	/* A callback may run; it cannot wait for itself. */
	if (current != xenwatch_task) {
		mutex_lock(&xenwatch_mutex);
		mutex_unlock(&xenwatch_mutex);
	}
}
EXPORT_SYMBOL_GPL(unregister_xenbus_watch);

static struct kernel_event *next_event(void)
{
	struct kernel_event *event;

	spin_lock(&watch_lock);
	event = list_first_entry_or_null(&kernel_events, struct kernel_event, list);
	if (event) {
		list_del(&event->list);
		event->watch->nr_pending--;
	}
	is_serving = event != NULL;
	spin_unlock(&watch_lock);
	return event;
}

static int xenwatch(void *unused)
{
	while (!kthread_should_stop()) {
		struct kernel_event *event;

		wait_event_interruptible(xenwatch_wait,
					 !list_empty(&kernel_events) || kthread_should_stop());
		mutex_lock(&xenwatch_mutex);
		event = next_event();
		if (event)
			event->watch->callback(event->watch, event->path, "");
		kfree(event);
		mutex_unlock(&xenwatch_mutex);
		WRITE_ONCE(is_serving, false);
		wake_up(&settled_wait);
	}
	return 0;
}

static bool is_settled(void)
{
	bool is_idle;

	spin_lock(&watch_lock);
	is_idle = !is_serving && list_empty(&kernel_events);
	spin_unlock(&watch_lock);
	return is_idle;
}

int fake_watch_settle(void)
{
	return wait_event_interruptible(settled_wait, is_settled());
}

int fake_watch_start(void)
{
	xenwatch_task = kthread_run(xenwatch, NULL, "xenwatch");
	return PTR_ERR_OR_ZERO(xenwatch_task);
}

void fake_watch_stop(void)
{
	struct kernel_event *event, *next;

	kthread_stop(xenwatch_task);
	list_for_each_entry_safe(event, next, &kernel_events, list)
		kfree(event);
}

/* ---- clients */

int fake_client_watch(struct fake_client *client, const char *path)
{
	struct client_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);

	if (!watch)
		return -ENOMEM;
	watch->client = client;
	strscpy(watch->path, path, sizeof(watch->path));
	spin_lock(&watch_lock);
	list_add(&watch->list, &client_watches);
	queue_for_client(watch, path);
	spin_unlock(&watch_lock);
	return 0;
}

int fake_client_unwatch(struct fake_client *client, const char *path)
{
	struct client_watch *watch;
	int ret = -ENOENT;

	spin_lock(&watch_lock);
	list_for_each_entry(watch, &client_watches, list) {
		if (watch->client != client || strcmp(watch->path, path))
			continue;
		list_del(&watch->list);
		kfree(watch);
		ret = 0;
		break;
	}
	spin_unlock(&watch_lock);
	return ret;
}

void fake_client_unwatch_all(struct fake_client *client)
{
	struct client_watch *watch, *next_watch;
	struct client_event *event, *next;

	spin_lock(&watch_lock);
	list_for_each_entry_safe(watch, next_watch, &client_watches, list) {
		if (watch->client != client)
			continue;
		list_del(&watch->list);
		kfree(watch);
	}
	list_for_each_entry_safe(event, next, &client_events, list) {
		if (event->client != client)
			continue;
		list_del(&event->list);
		kfree(event);
	}
	spin_unlock(&watch_lock);
}

/* watch_lock is held. */
static struct client_event *first_event(struct fake_client *client)
{
	struct client_event *event;

	list_for_each_entry(event, &client_events, list) {
		if (event->client == client)
			return event;
	}
	return NULL;
}

bool fake_client_has_watch_event(struct fake_client *client)
{
	bool has_event;

	spin_lock(&watch_lock);
	has_event = first_event(client) != NULL;
	spin_unlock(&watch_lock);
	return has_event;
}

int fake_client_next_watch(struct fake_client *client, struct fake_xen_node *node)
{
	struct client_event *event;

	spin_lock(&watch_lock);
	event = first_event(client);
	if (event)
		list_del(&event->list);
	spin_unlock(&watch_lock);
	if (!event)
		return -EAGAIN;
	strscpy(node->path, event->watched, sizeof(node->path));
	strscpy(node->value, event->path, sizeof(node->value));
	node->length = strlen(node->value);
	kfree(event);
	return 0;
}

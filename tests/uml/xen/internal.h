/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_INTERNAL_H
#define FAKE_XEN_INTERNAL_H

#include <linux/list.h>
#include <linux/types.h>
#include <xen/xenbus.h>

#include "fake_xen.h"

struct fake_client;
struct vm_area_struct;

/* ---- store.c: the tree. Paths are canonical: absolute, without a slash at the end. */

/* The canonical path of @directory/@node, to be freed; NULL without memory. */
char *fake_path(const char *directory, const char *node);
/* Whether @path is @directory or below it. */
bool fake_path_is_in(const char *path, const char *directory);
/* Of the functions below, @transaction is 0 outside of one; results are 0 or a negative errno. */
int fake_store_read(u32 transaction, const char *path, char **value, size_t *length);
int fake_store_list(u32 transaction, const char *path, char **names, size_t *length,
		    unsigned int *count);
bool fake_store_exists(u32 transaction, const char *path);
int fake_store_write(u32 transaction, const char *path, const char *value, size_t length);
int fake_store_remove(const char *path);
/* Likewise, but no watch fires. */
int fake_store_forget(const char *path);
void fake_store_destroy(void);

/* ---- transaction.c; the store's lock is held, unless said otherwise */

struct fake_node {
	struct list_head list;
	char *path;
	char *value; /* NULL: removed, in a transaction */
	size_t length;
};

struct fake_transaction *fake_transaction_find(u32 id);
/* What the transaction has written to @path; NULL: nothing. */
struct fake_node *fake_transaction_written(struct fake_transaction *transaction, const char *path);
struct list_head *fake_transaction_nodes(struct fake_transaction *transaction);
int fake_transaction_write(struct fake_transaction *transaction, const char *path,
			   const char *value, size_t length);
int fake_transaction_touch(struct fake_transaction *transaction, const char *path);
/* A client changed @path: transactions that touched it will fail. */
void fake_transactions_collide(const char *path);
unsigned int fake_transaction_count(void);
void fake_transaction_collide_next(unsigned int count); /* lock not held */
void fake_store_lock(void);
void fake_store_unlock(void);
/* Lock held; fires no watch. */
int fake_store_put(const char *path, const char *value, size_t length);

/* ---- watch.c */

int fake_watch_start(void);
void fake_watch_stop(void);
/* Waits until the kernel has served what has fired. 0, or a negative errno for a signal. */
int fake_watch_settle(void);
/* Tells those who watch @path, the kernel and clients. Context: may sleep. */
void fake_watches_fire(const char *path);
int fake_client_watch(struct fake_client *client, const char *path);
int fake_client_unwatch(struct fake_client *client, const char *path);
void fake_client_unwatch_all(struct fake_client *client);
int fake_client_next_watch(struct fake_client *client, struct fake_xen_node *node);
bool fake_client_has_watch_event(struct fake_client *client);

/* ---- bus.c */

int fake_bus_start(void);
void fake_bus_stop(void);
/* Every device is told that the guest was restored. */
int fake_bus_restore(void);

/* ---- event_channel.c */

int fake_client_bind(struct fake_client *client, u32 port);
int fake_client_unbind(struct fake_client *client, u32 port);
void fake_client_unbind_all(struct fake_client *client);
int fake_client_notify(u32 port);
int fake_client_next_event(struct fake_client *client, u32 *port);
bool fake_client_has_event(struct fake_client *client);
int fake_channel_describe(struct fake_xen_channel *channel);
unsigned int fake_channel_count(void);
void fake_channels_sever(void);
void fake_channels_destroy(void);

/* ---- grant.c */

int fake_grant_map(struct vm_area_struct *vma);
void fake_grant_counts(struct fake_xen_counts *counts);
void fake_grants_void(void);
void fake_grants_destroy(void);

/* ---- control.c */

int fake_control_start(void);
void fake_control_stop(void);
/* Context: any. */
void fake_client_wake(struct fake_client *client);

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/fake-xen: how processes are the toolstack and the other domains.
 *
 * Each open file is one client: it owns the watches and the event channels that it bound, and
 * readable means that one of either has fired. A page that was granted is mapped by mmap(), with
 * its grant reference as the page offset; it is unmapped as any other mapping.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* XenStore paths are absolute or relative to the guest's own directory, which is this one. */
#define FAKE_XEN_GUEST_PATH "/local/domain/1"
#define FAKE_XEN_PATH_MAX 256
#define FAKE_XEN_VALUE_MAX 4096

struct fake_xen_node {
	char path[FAKE_XEN_PATH_MAX];
	char value[FAKE_XEN_VALUE_MAX];
	__u32 length; /* of the value */
	__u32 reserved;
};

struct fake_xen_channel {
	__u32 port;
	__u32 is_open;
	__u64 interrupts; /* handled by the guest */
	__u64 spurious; /* of these */
};

struct fake_xen_counts {
	__u32 grants;
	__u32 ended_grants; /* that are still mapped */
	__u32 channels;
	__u32 transactions;
};

/* ---- XenStore */

/* The value of a node; ENOENT if there is none. */
#define FAKE_XEN_READ _IOWR('X', 1, struct fake_xen_node)
#define FAKE_XEN_WRITE _IOW('X', 2, struct fake_xen_node)
/* Removes a node and everything below it. */
#define FAKE_XEN_REMOVE _IOW('X', 3, struct fake_xen_node)
/* The names of a node's children, each with its NUL. */
#define FAKE_XEN_LIST _IOWR('X', 4, struct fake_xen_node)
/* Fires once, and whenever the node or one below it changes. */
#define FAKE_XEN_WATCH _IOW('X', 5, struct fake_xen_node)
#define FAKE_XEN_UNWATCH _IOW('X', 6, struct fake_xen_node)
/* The node whose watch has fired, and the path that was written as value; EAGAIN: none has. */
#define FAKE_XEN_NEXT_WATCH _IOR('X', 7, struct fake_xen_node)
/* So many commits from now on collide with another client's. */
#define FAKE_XEN_COLLIDE _IOW('X', 8, __u32)

/* ---- event channels */

/* Connects to a port of the guest's; the client knows the channel by the same number. */
#define FAKE_XEN_BIND _IOW('X', 16, __u32)
#define FAKE_XEN_UNBIND _IOW('X', 17, __u32)
/* Interrupts the guest. */
#define FAKE_XEN_NOTIFY _IOW('X', 18, __u32)
/* A port that the guest has notified; EAGAIN: none. */
#define FAKE_XEN_NEXT_EVENT _IOR('X', 19, __u32)
#define FAKE_XEN_CHANNEL _IOWR('X', 20, struct fake_xen_channel)

/* ---- the whole */

#define FAKE_XEN_COUNTS _IOR('X', 32, struct fake_xen_counts)
/*
 * The guest is saved and restored: its grants and event channels are void, as far as no client
 * maps them. The toolstack's part, the nodes, is the caller's; so is to unmap beforehand.
 */
#define FAKE_XEN_RESTORE _IO('X', 33)
/* The same, and the guest's new XenStore has neither the node nor those below it. */
#define FAKE_XEN_RESTORE_WITHOUT _IOW('X', 35, struct fake_xen_node)
/* Returns when the kernel has served every watch that has fired. */
#define FAKE_XEN_SETTLE _IO('X', 34)

#endif

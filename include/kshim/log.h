/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines in the kernel log. */
#ifndef KSHIM_LOG_H
#define KSHIM_LOG_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

struct kshim_xenbus_device;

enum kshim_log_level {
	KSHIM_LOG_ERROR,
	KSHIM_LOG_WARNING,
	KSHIM_LOG_INFO,
};

/*
 * One line about @device, without a newline. What another domain can make the driver say is
 * limited: of more than KSHIM_LOG_BURST lines within KSHIM_LOG_INTERVAL_S seconds, those of
 * kshim_xenbus_error() included, the rest is dropped. Context: any.
 */
#define KSHIM_LOG_BURST 10
#define KSHIM_LOG_INTERVAL_S 30
void kshim_log(struct kshim_xenbus_device *device, enum kshim_log_level level, const char *text);

KSHIM_END_DECLS

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters of the module. */
#ifndef KSHIM_MODULE_H
#define KSHIM_MODULE_H

#include "kshim/types.h"

KSHIM_BEGIN_DECLS

/* How long a request may wait for its response, in milliseconds, 1 to 9000. Context: any. */
unsigned int kshim_module_request_timeout_ms(void);
/* How long a card stays without a backend, in milliseconds; 0: for ever. Context: any. */
unsigned int kshim_module_reconnect_timeout_ms(void);
/* The shortest period that applications may choose, in microseconds. Context: any. */
unsigned int kshim_module_period_min_us(void);
/*
 * How often, in microseconds, a backend is to report its position to an application that has period
 * wake-ups switched off, 1000 to 1000000; 0: once a period. Context: any.
 */
unsigned int kshim_module_position_step_us(void);

KSHIM_END_DECLS

#endif

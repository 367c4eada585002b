/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_ASM_HYPERCALL_H
#define FAKE_XEN_ASM_HYPERCALL_H

/* Knows EVTCHNOP_alloc_unbound, EVTCHNOP_close and EVTCHNOP_send. */
int HYPERVISOR_event_channel_op(int command, void *argument);

#endif

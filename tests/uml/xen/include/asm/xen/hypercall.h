/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_ASM_HYPERCALL_H
#define FAKE_XEN_ASM_HYPERCALL_H

/* Knows EVTCHNOP_alloc_unbound, EVTCHNOP_close, EVTCHNOP_send and EVTCHNOP_status. */
int HYPERVISOR_event_channel_op(int command, void *argument);

#endif

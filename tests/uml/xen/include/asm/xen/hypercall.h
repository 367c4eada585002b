/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_ASM_HYPERCALL_H
#define FAKE_XEN_ASM_HYPERCALL_H

/* Knows EVTCHNOP_send and EVTCHNOP_close. */
int HYPERVISOR_event_channel_op(int command, void *argument);

#endif

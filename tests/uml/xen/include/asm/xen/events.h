/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_ASM_EVENTS_H
#define FAKE_XEN_ASM_EVENTS_H

enum ipi_vector {
	XEN_NR_IPIS,
};

#endif

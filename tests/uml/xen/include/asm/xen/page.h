/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_XEN_ASM_PAGE_H
#define FAKE_XEN_ASM_PAGE_H

#include <linux/mm.h>
#include <xen/xen.h>

static inline unsigned long pfn_to_gfn(unsigned long pfn)
{
	return pfn;
}

static inline unsigned long gfn_to_pfn(unsigned long gfn)
{
	return gfn;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/* User Mode Linux has no ABI with Xen: the one without assembly will do. */
#include <xen/arm/interface.h>

// SPDX-License-Identifier: GPL-2.0-only
/* Asserts that the kernel's headers agree with include/kshim/wire_layout.h. No code. */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/stddef.h>
#include <sound/asound.h>
#include <xen/interface/io/ring.h>
#include <xen/interface/io/sndif.h>
#include <xen/interface/io/xenbus.h>
#include <xen/page.h>

#include "kshim/wire_layout.h"

#define ASSERT_FACT(kernel, cxx, value) static_assert((kernel) == (value));
KSHIM_WIRE_FACTS(ASSERT_FACT)

#define ASSERT_FORMAT(sndif, alsa, value)                                                      \
	static_assert(XENSND_PCM_FORMAT_##sndif == (value));                                   \
	static_assert((__force int)SNDRV_PCM_FORMAT_##alsa == (value));
KSHIM_WIRE_FORMATS(ASSERT_FORMAT)

#define ASSERT_FIELD(kernel, cxx, value) static_assert(__builtin_strcmp(kernel, value) == 0);
KSHIM_WIRE_FIELDS(ASSERT_FIELD)

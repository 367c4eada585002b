// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

#include <x86intrin.h>

namespace bench {

uint64_t processor_ticks()
{
    return __rdtsc();
}

} // namespace bench

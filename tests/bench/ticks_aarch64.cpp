// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

namespace bench {

uint64_t processor_ticks()
{
    uint64_t ticks = 0;
    // The barrier keeps the processor from reading its counter ahead of time.
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

} // namespace bench

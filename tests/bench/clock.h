// SPDX-License-Identifier: GPL-2.0-only
// Clocks, and what makes those of two domains comparable.
#pragma once

#include <cstdint>

namespace bench {

// Nanoseconds of CLOCK_MONOTONIC, which begins when the domain boots.
uint64_t monotonic_ns();

// The processor's counter. On x86-64 all domains read it alike, as long as Xen does not emulate it
// for one (tsc_mode in xl.cfg); on AArch64 Xen gives each domain an offset.
uint64_t processor_ticks();

// The same moment by this domain's clock and by the processor's counter.
struct Moment {
    uint64_t monotonic_ns;
    uint64_t processor_ticks;
};

Moment now();

} // namespace bench

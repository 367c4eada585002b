// SPDX-License-Identifier: GPL-2.0-only
// Clocks, and what makes those of two domains comparable.
#pragma once

#include <cstdint>

namespace bench {

// Nanoseconds of CLOCK_MONOTONIC, which begins when the domain boots.
uint64_t monotonic_ns();

// The same moment by this domain's clock, and by the processor's counter, which all domains read
// alike as long as nobody emulates it for one (tsc_mode in xl.cfg).
struct Moment {
    uint64_t monotonic_ns;
    uint64_t processor_ticks;
};

Moment now();

} // namespace bench

// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

#include <ctime>

namespace bench {

uint64_t monotonic_ns()
{
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

Moment now()
{
    // An interrupt between the two would tear them apart: the closest of some counts.
    constexpr int tries = 8;
    Moment best = {};
    uint64_t closest = UINT64_MAX;
    for (int i = 0; i < tries; i++) {
        const uint64_t before = processor_ticks();
        const uint64_t time = monotonic_ns();
        const uint64_t after = processor_ticks();
        if (after - before < closest) {
            closest = after - before;
            best = { time, before + (after - before) / 2 };
        }
    }
    return best;
}

} // namespace bench

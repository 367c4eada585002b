// SPDX-License-Identifier: GPL-2.0-only
// What a stretch of playing or recording costs the guest.
#pragma once

#include <cstdint>

namespace selftest {

struct Counters {
    uint64_t interrupts; // of all event channels of the driver
    uint64_t voluntary_switches; // of this process
};

Counters read_counters();

// Seconds for which the guest's only processor was not idle.
double busy_seconds();

inline Counters operator-(const Counters &after, const Counters &before)
{
    return { after.interrupts - before.interrupts,
             after.voluntary_switches - before.voluntary_switches };
}

} // namespace selftest

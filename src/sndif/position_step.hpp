// SPDX-License-Identifier: GPL-2.0-only
// How often a backend is asked to report its position while no interrupt tells of it.
#pragma once

#include "sndif/run.hpp"

namespace xen_front {

// For OPEN.period_sz: the shortest equal part of @period that is at least @least frames and fills
// whole bytes. @period, if there is none.
constexpr Frames position_step(FrameSize frame, Frames period, Frames least)
{
    const uint64_t most_parts = period.value() / max(least.value(), uint64_t { 1 });
    for (uint64_t parts = most_parts; parts > 1; parts--) {
        const uint64_t step = period.value() / parts;
        if (step * parts == period.value() && (frame.fills_bytes() || step % 2 == 0))
            return Frames(step);
    }
    return period;
}

} // namespace xen_front

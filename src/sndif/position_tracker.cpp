// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/position_tracker.hpp"

namespace xen_front {

void PositionTracker::reset(Frames period, Frames buffer)
{
    period_ = period;
    buffer_ = buffer;
    hardware_ = Frames();
    shown_ = Frames();
}

Progress PositionTracker::report(Frames position, Frames limit)
{
    if (position <= hardware_)
        return Progress::None;
    if (position > limit) {
        // What was there has been played; nothing is known about the rest.
        hardware_ = max(hardware_, limit);
        return Progress::Xrun;
    }
    hardware_ = position;
    return Progress::Advanced;
}

bool PositionTracker::show_next()
{
    const Frames before = shown_;
    const Frames step_limit = buffer_ - Frames(1);
    shown_ = min(hardware_, shown_ + step_limit);
    return shown_.value() / period_.value() != before.value() / period_.value();
}

} // namespace xen_front

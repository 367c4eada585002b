// SPDX-License-Identifier: GPL-2.0-only
#include "audio/progress.hpp"

namespace sndback {

void Progress::start(Time now, std::uint64_t frame)
{
    clock_.start(now, frame);
    run_start_ = frame;
    next_boundary_ = frame + period_;
    next_timer_ = now + policy_.interval;
}

void Progress::resume(Time now)
{
    clock_.resume(now);
    next_timer_ = now + policy_.interval;
}

std::optional<Time> Progress::next_tick() const
{
    if (!clock_.running())
        return std::nullopt;
    return policy_.by_timer() ? next_timer_ : clock_.time_of(next_boundary_);
}

std::optional<std::uint64_t> Progress::take_tick(Time now)
{
    const std::optional<Time> tick = next_tick();
    if (!tick || now < *tick)
        return std::nullopt;
    const std::uint64_t frame = clock_.frames(now);
    if (policy_.by_timer()) {
        const auto missed = (now - next_timer_) / policy_.interval;
        next_timer_ += (missed + 1) * policy_.interval;
        return frame;
    }
    const std::uint64_t boundary = round_down(frame);
    next_boundary_ = boundary + period_;
    return boundary;
}

} // namespace sndback

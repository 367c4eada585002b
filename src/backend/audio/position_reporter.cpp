// SPDX-License-Identifier: GPL-2.0-only
#include "audio/position_reporter.hpp"

#include <algorithm>

namespace sndback {

namespace {

// The interrupt gets this part of a period to come by itself.
constexpr unsigned patience_divisor = 8;

} // namespace

PositionReporter::PositionReporter(const OpenParameters &parameters)
    : format_(parameters.format),
      period_(std::max<std::uint64_t>(format_.frames(parameters.period()), 1)),
      reports_(parameters.period_bytes != 0),
      policy_(parameters.policy)
{
}

void PositionReporter::start(Time now, std::uint64_t frame)
{
    running_ = true;
    run_start_ = asked_frame_ = frame;
    asked_at_ = now;
    next_boundary_ = frame + period_;
    next_timer_ = now + policy_.interval;
}

void PositionReporter::resume(Time now)
{
    running_ = true;
    asked_at_ = now;
    next_timer_ = now + policy_.interval;
}

std::optional<Time> PositionReporter::deadline(std::uint64_t end) const
{
    if (!running_)
        return std::nullopt;
    if (policy_.by_timer())
        return next_timer_;
    const std::uint64_t next =
        policy_.kind == PositionPolicy::Kind::any ? std::min(next_boundary_, end) : next_boundary_;
    const std::uint64_t missing = next - std::min(asked_frame_, next);
    return asked_at_ + duration_of(missing, format_.rate) + period() / patience_divisor;
}

std::optional<std::uint64_t> PositionReporter::report(Time now, std::uint64_t frame, bool dry)
{
    if (!running_)
        return std::nullopt;
    asked_at_ = now;
    asked_frame_ = frame;
    const std::uint64_t boundary = frame - (frame - run_start_) % period_;
    const bool crossed = frame >= next_boundary_;
    if (crossed)
        next_boundary_ = boundary + period_;

    if (policy_.by_timer()) {
        if (now < next_timer_)
            return std::nullopt;
        next_timer_ += ((now - next_timer_) / policy_.interval + 1) * policy_.interval;
    } else if (!crossed && !(dry && policy_.kind == PositionPolicy::Kind::any)) {
        return std::nullopt;
    }
    const std::uint64_t position =
        format_.bytes(policy_.kind == PositionPolicy::Kind::period ? boundary : frame);
    if (!reports_ || position <= reported_)
        return std::nullopt;
    reported_ = position;
    return position;
}

std::optional<std::uint64_t> PositionReporter::end(std::uint64_t frame)
{
    const bool is_awaited = running_ && reports_ && format_.bytes(frame) > reported_;
    running_ = false;
    return is_awaited ? std::optional(format_.bytes(frame)) : std::nullopt;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "audio/frame_clock.hpp"

#include <time.h>

namespace sndback {

namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

} // namespace

Time monotonic_now()
{
    timespec now {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

Time duration_of(std::uint64_t frames, unsigned rate)
{
    const auto scaled = static_cast<unsigned __int128>(frames) * nanoseconds_per_second;
    return Time(static_cast<std::int64_t>(scaled / rate));
}

void FrameClock::start(Time now, std::uint64_t frame)
{
    first_frame_ = frame;
    epoch_ = now;
    running_ = true;
}

void FrameClock::pause(Time now)
{
    if (!running_)
        return;
    epoch_ -= now; // now the negative time that has passed
    running_ = false;
}

void FrameClock::resume(Time now)
{
    if (running_)
        return;
    epoch_ += now;
    running_ = true;
}

void FrameClock::stop(std::uint64_t frame)
{
    first_frame_ = frame;
    epoch_ = Time {};
    running_ = false;
}

std::uint64_t FrameClock::frames(Time now) const
{
    const Time passed = running_ ? now - epoch_ : -epoch_;
    if (passed <= Time {})
        return first_frame_;
    const auto nanoseconds = static_cast<unsigned __int128>(passed.count());
    return first_frame_ + static_cast<std::uint64_t>(nanoseconds * rate_ / nanoseconds_per_second);
}

std::optional<Time> FrameClock::time_of(std::uint64_t frame) const
{
    if (!running_)
        return std::nullopt;
    if (frame <= first_frame_)
        return epoch_;
    const auto scaled =
        static_cast<unsigned __int128>(frame - first_frame_) * nanoseconds_per_second;
    return epoch_ + Time(static_cast<std::int64_t>((scaled + rate_ - 1) / rate_));
}

} // namespace sndback

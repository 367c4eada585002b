// SPDX-License-Identifier: GPL-2.0-only
//
// A sample clock that never drifts: frames as an exact function of CLOCK_MONOTONIC.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace sndback {

// A point on CLOCK_MONOTONIC.
using Time = std::chrono::nanoseconds;

// The present point on CLOCK_MONOTONIC.
[[nodiscard]] Time monotonic_now();

// How long so many frames last, to the nanosecond below. `rate` in frames per second, not 0.
[[nodiscard]] Time duration_of(std::uint64_t frames, unsigned rate);

class FrameClock {
  public:
    // `rate` in frames per second, not 0.
    explicit FrameClock(unsigned rate) : rate_(rate)
    {
    }

    // Sets the clock to `frame` and lets it run.
    void start(Time now, std::uint64_t frame);
    // Holds the clock; parts of a frame that have passed are kept for resume().
    void pause(Time now);
    void resume(Time now);
    // Sets the clock to `frame` and holds it.
    void stop(std::uint64_t frame);

    [[nodiscard]] bool running() const
    {
        return running_;
    }

    // Frames that have passed in full at `now`.
    [[nodiscard]] std::uint64_t frames(Time now) const;

    // The first moment at which frames() is at least `frame`; nothing while the clock does not run.
    [[nodiscard]] std::optional<Time> time_of(std::uint64_t frame) const;

  private:
    unsigned rate_;
    bool running_ = false;
    std::uint64_t first_frame_ = 0; // of the present run
    Time epoch_ {}; // when first_frame_ was due; while not running, counted from 0
};

} // namespace sndback

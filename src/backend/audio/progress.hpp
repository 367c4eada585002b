// SPDX-License-Identifier: GPL-2.0-only
//
// When and with what value the position of a clocked device is reported.
#pragma once

#include <cstdint>

#include "audio/frame_clock.hpp"

namespace sndback {

// How positions are reported (--positions).
struct PositionPolicy {
    enum class Kind {
        any, // on each period boundary, and where playback runs dry between two of them
        period, // whole periods only
        timer, // whatever the clock says, each time an unrelated timer ticks
    };
    Kind kind = Kind::any;
    std::chrono::microseconds interval {}; // of the timer

    [[nodiscard]] bool by_timer() const
    {
        return kind == Kind::timer;
    }
};

// A frame clock with ticks on it: the period boundaries of a run, or those of the timer.
class Progress {
  public:
    // `period` in frames, not 0. `rate` in frames per second.
    Progress(unsigned rate, std::uint64_t period, PositionPolicy policy)
        : clock_(rate), period_(period), policy_(policy)
    {
    }

    void start(Time now, std::uint64_t frame);
    void pause(Time now)
    {
        clock_.pause(now);
    }
    void resume(Time now);
    void stop(std::uint64_t frame)
    {
        clock_.stop(frame);
    }

    [[nodiscard]] const FrameClock &clock() const
    {
        return clock_;
    }
    [[nodiscard]] const PositionPolicy &policy() const
    {
        return policy_;
    }

    // In frames.
    [[nodiscard]] std::uint64_t period() const
    {
        return period_;
    }
    // The next tick; nothing while the clock does not run.
    [[nodiscard]] std::optional<Time> next_tick() const;

    // If a tick is due at `now`: the frame that the clock reports for it. Ticks that were missed
    // are merged.
    [[nodiscard]] std::optional<std::uint64_t> take_tick(Time now);

    // The last boundary at or before a frame.
    [[nodiscard]] std::uint64_t round_down(std::uint64_t frame) const
    {
        return frame - (frame - run_start_) % period_;
    }

  private:
    FrameClock clock_;
    std::uint64_t period_;
    PositionPolicy policy_;
    std::uint64_t run_start_ = 0; // periods are counted from the frame at which the run started
    std::uint64_t next_boundary_ = 0; // frame of the next tick, unless by timer
    Time next_timer_ {}; // time of the next tick, by timer
};

} // namespace sndback

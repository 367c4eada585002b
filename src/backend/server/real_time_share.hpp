// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <mutex>
#include <optional>

#include "audio/frame_clock.hpp"

namespace sndback {

// What the streams of one guest together may take of a processor in real time. If they take more,
// they run like other programs, so that the streams of other guests come first, until all of it is
// paid off. Of each stream alone, a guest could have as much as it connects streams. Thread-safe.
class RealTimeShare {
  public:
    // Counts processor time that a stream has taken, in real time or not. Returns until when, at
    // least, the guest's streams are to run like other programs; nothing: in real time.
    [[nodiscard]] std::optional<Time> charge(Time now, Time taken)
    {
        const std::lock_guard lock(mutex_);
        // Another stream may have read the clock later and be here first.
        if (now > counted_) {
            debt_ -= std::min(debt_, now - counted_);
            counted_ = now;
        }
        if (debt_ == Time {})
            is_exceeded_ = false;
        debt_ = std::min(debt_ + std::min(taken, most_debt) * part, most_debt);
        if (debt_ == most_debt)
            is_exceeded_ = true;
        return is_exceeded_ ? std::optional(counted_ + debt_) : std::nullopt;
    }

    // A quarter of a processor. A stereo stream with periods of 480 frames takes 1 % at most, one
    // that ALSA converts from 44.1 to 48 kHz as much again, and 8 channels at 192 kHz, converted to
    // 44.1 kHz with a volume, up to 9 %; a slow processor takes several times as long. A flood of
    // the default quota's requests takes 32 %, and more if they move samples that are converted.
    static constexpr int part = 4;
    // 62 ms of processor at once: to open a PCM, and to copy 8 MiB, the default quota's buffer, at
    // START. More is no debt, so that a guest that has stopped is back after a quarter of a second.
    static constexpr Time most_debt = std::chrono::milliseconds(250);

  private:
    std::mutex mutex_;
    Time debt_ {}; // time until all is paid off
    Time counted_ {}; // the time of the last charge
    bool is_exceeded_ = false; // from most_debt on, until there is no debt: not at each wake-up
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>

#include "audio/pcm_device.hpp"

namespace sndback {

// Decides which hardware position is worth reporting, as PositionPolicy says.
class PositionReporter {
  public:
    explicit PositionReporter(const OpenParameters &parameters);

    void start(Time now, std::uint64_t frame);
    void resume(Time now);
    void stop()
    {
        running_ = false;
    }
    // The frame of the next boundary: the hardware is to be looked at when it has passed that.
    [[nodiscard]] std::uint64_t next_boundary() const
    {
        return next_boundary_;
    }
    // When to look at the hardware if it does not interrupt. A card may interrupt just before one
    // of the guest's boundaries, or less often: without this the guest would wait for another
    // period. `end`: playback has no frame there yet; that counts where any position is reported.
    [[nodiscard]] std::optional<Time> deadline(std::uint64_t end = ~std::uint64_t { 0 }) const;
    // What to report in octets, given the hardware's frame. `dry`: playback has nothing left to
    // play.
    [[nodiscard]] std::optional<std::uint64_t> report(Time now, std::uint64_t frame, bool dry);

    // The device has failed, which a guest that waits for a position would never learn: stops, and
    // returns what lets it make its next request, in octets. Nothing if it waits for none.
    [[nodiscard]] std::optional<std::uint64_t> end(std::uint64_t frame);

    // How long a period of the guest's lasts.
    [[nodiscard]] Time period() const
    {
        return duration_of(period_, format_.rate);
    }

  private:
    StreamFormat format_;
    std::uint64_t period_; // in frames, of the guest
    bool reports_;
    PositionPolicy policy_;
    bool running_ = false;
    std::uint64_t next_boundary_ = 0;
    std::uint64_t run_start_ = 0;
    Time next_timer_ {};
    Time asked_at_ {}; // when the hardware was at asked_frame_
    std::uint64_t asked_frame_ = 0;
    std::uint64_t reported_ = 0;
};

} // namespace sndback

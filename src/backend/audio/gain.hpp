// SPDX-License-Identifier: GPL-2.0-only
//
// Volume and mute of one stream (sndif.h, "Request set/get volume" and "Request mute/unmute").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "protocol/format.hpp"

namespace sndback {

class Gain {
  public:
    // The range that is honoured, in steps of 0.001 dB; what lies outside is set to the nearer end.
    static constexpr std::int32_t lowest = -120'000;
    static constexpr std::int32_t highest = 20'000;

    // The volume of channels that were never set. They are not muted.
    explicit Gain(std::int32_t own_volume = 0);

    // In steps of 0.001 dB.
    void set_volume(unsigned channel, std::int32_t volume);
    [[nodiscard]] std::int32_t volume(unsigned channel) const;
    void set_muted(unsigned channel, bool muted);
    [[nodiscard]] bool muted(unsigned channel) const;

    // Whether apply() would compute with the samples of this format; opaque ones it cannot.
    [[nodiscard]] static bool supports(const Format &format)
    {
        return format.encoding != Encoding::opaque;
    }

    // Scales whole frames in place: rounded to the nearest value, saturating. At 0 dB, unmuted, no
    // bit changes. In pieces (pieces.hpp).
    void apply(const StreamFormat &format, std::span<std::byte> frames) const;

  private:
    struct Channel {
        std::int32_t volume = 0;
        bool muted = false;
    };

    void scale(const StreamFormat &format, std::span<std::byte> frames) const;
    Channel &channel(unsigned index);
    [[nodiscard]] double factor(unsigned channel) const;

    const std::int32_t own_volume_;
    std::vector<Channel> channels_;
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <optional>
#include <utility>

#include <fmt/core.h>

#include "audio/alsa_error.hpp"
#include "audio/pcm_device.hpp"

namespace sndback {

// Whether a stream's PCM has failed for good, and what the guest is still to be told of that.
class AlsaFailure {
  public:
    // `position`: lets a guest that waits make its next request, which is refused.
    void set(const AlsaError &error, std::optional<std::uint64_t> position,
             DeviceListener &listener)
    {
        is_set_ = true;
        position_ = position;
        listener.on_device_error(
            fmt::format("{}; this stream fails until it is opened again", error.what()));
    }
    explicit operator bool() const
    {
        return is_set_;
    }
    // Throws Refusal if it has failed.
    void require_none(const std::string &pcm) const
    {
        if (is_set_)
            throw Refusal(-XEN_EIO, fmt::format("the ALSA PCM {} has failed", pcm));
    }
    // At once, if a position is left to be reported.
    [[nodiscard]] std::optional<Time> deadline() const
    {
        return position_ ? std::optional(Time {}) : std::nullopt;
    }
    [[nodiscard]] std::optional<std::uint64_t> take_position()
    {
        return std::exchange(position_, std::nullopt);
    }

  private:
    bool is_set_ = false;
    std::optional<std::uint64_t> position_; // not reported yet
};

} // namespace sndback

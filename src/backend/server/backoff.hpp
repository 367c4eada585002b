// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <chrono>

namespace sndback {

// How long to wait before another attempt: twice as long after each failure in a row.
class Backoff {
  public:
    // `first` is not 0.
    constexpr Backoff(std::chrono::seconds first, std::chrono::seconds longest)
        : first_(first), longest_(longest), next_(first)
    {
    }

    // An attempt has failed: the pause before the next one.
    [[nodiscard]] constexpr std::chrono::seconds fail()
    {
        const std::chrono::seconds pause = next_;
        next_ = std::min(2 * pause, longest_);
        return pause;
    }

    // An attempt has succeeded.
    constexpr void succeed()
    {
        next_ = first_;
    }

  private:
    std::chrono::seconds first_;
    std::chrono::seconds longest_;
    std::chrono::seconds next_;
};

} // namespace sndback

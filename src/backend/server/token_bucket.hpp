// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "audio/frame_clock.hpp"

namespace sndback {

// So many in a time on average, and as many at once as have been saved up.
class TokenBucket {
  public:
    // `rate` in that time, not 0; `burst` at once.
    TokenBucket(unsigned rate, unsigned burst, Time in = std::chrono::seconds(1))
        : price_(in / std::int64_t { rate }), most_(price_ * burst), saved_(most_)
    {
    }

    [[nodiscard]] bool take(Time now)
    {
        refill(now);
        if (saved_ < price_)
            return false;
        saved_ -= price_;
        return true;
    }

    // Takes that many whether they have been saved up or not. Nothing: they had been; otherwise
    // when they will have been.
    [[nodiscard]] std::optional<Time> spend(Time now, std::uint64_t count)
    {
        refill(now);
        saved_ -= price_ * static_cast<std::int64_t>(count);
        return saved_ >= Time {} ? std::nullopt : std::optional(now - saved_);
    }

    // When take() succeeds again; a moment that has passed if it does now.
    [[nodiscard]] Time next(Time now)
    {
        refill(now);
        return now + std::max(price_ - saved_, Time {});
    }

  private:
    void refill(Time now)
    {
        // A first look after a long time would overflow the sum.
        saved_ = now - filled_ < most_ - saved_ ? saved_ + (now - filled_) : most_;
        filled_ = now;
    }

    Time price_;
    Time most_;
    Time saved_;
    Time filled_ {};
};

} // namespace sndback

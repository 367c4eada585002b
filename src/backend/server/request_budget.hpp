// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <mutex>

#include "server/token_bucket.hpp"

namespace sndback {

// What the streams of one guest together may ask for. Thread-safe.
class RequestBudget {
  public:
    explicit RequestBudget(unsigned a_second) : bucket_(a_second, a_second)
    {
    }
    void set_rate(unsigned a_second)
    {
        const std::lock_guard lock(mutex_);
        bucket_ = TokenBucket(a_second, a_second);
    }
    // Nothing: granted. Otherwise when there is to be asked again.
    [[nodiscard]] std::optional<Time> take(Time now)
    {
        const std::lock_guard lock(mutex_);
        if (bucket_.take(now))
            return std::nullopt;
        return std::max(bucket_.next(now), now + least_wait);
    }

  private:
    // Not for every single one: the processor has other things to do.
    static constexpr std::chrono::milliseconds least_wait { 1 };

    std::mutex mutex_;
    TokenBucket bucket_;
};

} // namespace sndback

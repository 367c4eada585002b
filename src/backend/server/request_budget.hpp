// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <mutex>

#include "server/token_bucket.hpp"

namespace sndback {

// What the streams of one guest together may ask for. Thread-safe.
class RequestBudget {
  public:
    explicit RequestBudget(unsigned a_second) : bucket_(bucket_for(a_second))
    {
    }
    void set_rate(unsigned a_second)
    {
        const std::lock_guard lock(mutex_);
        bucket_ = bucket_for(a_second);
    }
    // Counts what has been done for the guest, as that many requests, or as none to find out.
    // Returns until when nothing more is to be done if that was more than its share.
    [[nodiscard]] std::optional<Time> charge(Time now, std::uint64_t count = 1)
    {
        const std::lock_guard lock(mutex_);
        std::optional<Time> until = bucket_.spend(now, count);
        if (until)
            until = std::max(*until, now + least_wait);
        return until;
    }

  private:
    // Not for every single one: the processor has other things to do.
    static constexpr std::chrono::milliseconds least_wait { 1 };
    // What a quiet guest has saved up is served without a pause, in real time: on the same
    // processor the streams of other guests wait for the end of it, and have less than a period to
    // do so.
    static constexpr unsigned bursts_a_second = 50;
    static constexpr unsigned least_burst = 64;

    static TokenBucket bucket_for(unsigned a_second)
    {
        return { a_second, std::max(a_second / bursts_a_second, least_burst) };
    }

    std::mutex mutex_;
    TokenBucket bucket_;
};

} // namespace sndback

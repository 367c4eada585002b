// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string_view>

#include "server/token_bucket.hpp"

namespace sndback {

// The lines that the worker of one guest sends to the log. The worker is not trusted: it gets at
// most the guest's quota of log-lines, and cannot write in the name of another guest.
class GuestLog {
  public:
    explicit GuestLog(unsigned domain) : domain_(domain)
    {
    }

    // `lines`: a minute, not 0; three times as many at once. What was used before does not count.
    void set_quota(unsigned lines)
    {
        lines_ = TokenBucket(lines, 3 * lines, std::chrono::minutes(1));
    }

    // Logs a line, or drops it above the quota. The number of lines dropped is logged before the
    // next line that is not, once a minute at most. `level`: a LogLevel; a larger one is critical.
    void take(std::uint32_t level, std::string_view text, Time now);

  private:
    unsigned domain_;
    TokenBucket lines_ { 1, 1 };
    std::uint64_t dropped_ = 0; // lines that the log has not been told of
    TokenBucket drops_told_ { 1, 1, std::chrono::minutes(1) };
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// Whether the backend of a stream still shows activity where it has to.
#pragma once

#include "base/types.hpp"

namespace xen_front {

// Pure: the caller's ring lock covers every call. The audio path only counts; the card's
// maintenance reads the clock.
class Liveness {
  public:
    // The backend has responded, or reported progress.
    void on_activity()
    {
        activity_++;
    }
    uint32_t activity() const
    {
        return activity_;
    }
    // Whether it has shown no activity for @timeout_ms although it has to, as far as looks can
    // tell: time counts from the last look at which it had shown some, or did not have to.
    bool is_overdue(uint64_t now_ms, bool is_expected, unsigned int timeout_ms)
    {
        if (!is_expected || exchange(seen_, activity_) != activity_ || !was_expected_) {
            was_expected_ = is_expected;
            silent_since_ms_ = now_ms;
            return false;
        }
        return now_ms - silent_since_ms_ >= timeout_ms;
    }
    // Whether it had to show activity, at the last look.
    bool was_expected() const
    {
        return was_expected_;
    }
    // The last look at which all was well.
    uint64_t silent_since_ms() const
    {
        return silent_since_ms_;
    }

  private:
    uint64_t silent_since_ms_ = 0;
    uint32_t activity_ = 0;
    uint32_t seen_ = 0; // of activity_, at the last look
    bool was_expected_ = false; // at the last look
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// Bounds how often the driver does what another domain asks for as often as it likes.
#pragma once

#include "kernel/lock.hpp"

namespace xen_front {

class RateLimit {
  public:
    // So many times a second.
    explicit RateLimit(uint32_t burst) : burst_(burst)
    {
    }
    // Whether it may be done once more now. Context: any.
    bool allow()
    {
        if (interval_.has_passed()) {
            interval_ = Deadline(interval_ms);
            count_ = 0;
        }
        if (count_ == burst_)
            return false;
        count_++;
        return true;
    }

  private:
    static constexpr unsigned int interval_ms = 1000;

    const uint32_t burst_;
    Deadline interval_ { 0 };
    uint32_t count_ = 0;
};

} // namespace xen_front

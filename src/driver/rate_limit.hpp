// SPDX-License-Identifier: GPL-2.0-only
// Bounds how often the driver does what another domain asks for as often as it likes.
#pragma once

#include "kernel/lock.hpp"

namespace xen_front {

class RateLimit {
  public:
    // So many times in @interval_ms.
    RateLimit(uint32_t burst, unsigned int interval_ms) : burst_(burst), interval_ms_(interval_ms)
    {
    }
    void set_burst(uint32_t burst)
    {
        burst_ = burst;
    }
    // Whether it may be done once more now. Context: any.
    bool allow()
    {
        if (interval_.has_passed()) {
            interval_ = Deadline(interval_ms_);
            count_ = 0;
        }
        if (count_ >= burst_)
            return false;
        count_++;
        return true;
    }

  private:
    uint32_t burst_;
    const unsigned int interval_ms_;
    Deadline interval_ { 0 };
    uint32_t count_ = 0;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// Bounds how often the driver does what another domain asks for as often as it likes.
#pragma once

#include "kernel/lock.hpp"

namespace xen_front {

class RateLimit {
  public:
    // So many times, at least once, in @interval_ms. The clock costs more than all the rest, and is
    // read only when they are used up.
    RateLimit(uint32_t burst, unsigned int interval_ms)
        : burst_(burst), interval_ms_(interval_ms), count_(burst)
    {
    }
    // Another one begins at once.
    void set_burst(uint32_t burst)
    {
        if (burst != burst_)
            begin();
        burst_ = burst;
    }
    // Whether it may be done once more now. Context: any.
    bool allow()
    {
        if (count_ >= burst_ && !begin_if_due())
            return false;
        count_++;
        return true;
    }

  private:
    void begin()
    {
        interval_ = Deadline(interval_ms_);
        count_ = 0;
    }
    [[gnu::cold, gnu::noinline]] bool begin_if_due()
    {
        if (!interval_.has_passed())
            return false;
        begin();
        return true;
    }

    uint32_t burst_;
    const unsigned int interval_ms_;
    Deadline interval_ { 0 };
    uint32_t count_;
};

} // namespace xen_front

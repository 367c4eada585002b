// SPDX-License-Identifier: GPL-2.0-only
// Somebody else's haste, kept from becoming ours.
#pragma once

#include "kernel/lock.hpp"

namespace xen_front {

// Bounds how often something is done that another domain asks for as often as it likes.
class Pace {
  public:
    // @burst: so often within @interval_ms is no haste yet.
    Pace(uint32_t burst, unsigned int interval_ms) : burst_(burst), interval_ms_(interval_ms)
    {
    }
    // Whether it may be done once more at once; if not, after a pause: it is asked for more often
    // than a backend that means well needs. Context: any.
    bool admits()
    {
        if (interval_.has_passed()) {
            interval_ = Deadline(interval_ms_);
            count_ = 0;
        }
        if (count_ == burst_)
            return false;
        count_++;
        return true;
    }

  private:
    const uint32_t burst_;
    const unsigned int interval_ms_;
    Deadline interval_ { 0 };
    uint32_t count_ = 0;
};

} // namespace xen_front

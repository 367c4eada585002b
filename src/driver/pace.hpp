// SPDX-License-Identifier: GPL-2.0-only
// Somebody else's haste, kept from becoming ours.
#pragma once

#include "kernel/lock.hpp"

namespace xen_front {

// Bounds how often something is done that another domain asks for as often as it likes.
class Pace {
  public:
    // After each time. Returns at once, unless it was more often than a backend that means well
    // needs; then only after a pause. Short, since all Xen devices share the thread of the watches.
    // Context: may sleep.
    void keep()
    {
        if (interval_.has_passed()) {
            interval_ = Deadline(interval_ms);
            count_ = 0;
        }
        if (++count_ <= burst)
            return;
        const Deadline pause(pause_ms);
        while (!pause.has_passed())
            Deadline::pause();
    }

  private:
    static constexpr unsigned int interval_ms = 1000;
    static constexpr uint32_t burst = 16; // two whole connections, from InitWait to Closed
    static constexpr unsigned int pause_ms = 50;

    Deadline interval_ { 0 };
    uint32_t count_ = 0;
};

} // namespace xen_front

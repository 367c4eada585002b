// SPDX-License-Identifier: GPL-2.0-only
// The cards that exist, so that the module can wait for the last one.
#pragma once

#include "base/guarded.hpp"
#include "kernel/lock.hpp"

namespace xen_front {

class LiveCards {
  public:
    LiveCards() : count_(KSHIM_LOCK_CARD)
    {
        none_left_.complete();
    }
    LiveCards(const LiveCards &) = delete;
    LiveCards &operator=(const LiveCards &) = delete;

    // Context: may sleep.
    void add()
    {
        count_.with([&](uint32_t &count) {
            if (count++ == 0)
                none_left_.rearm();
        });
    }
    // Context: any.
    void remove()
    {
        count_.with([&](uint32_t &count) {
            if (--count == 0)
                none_left_.complete();
        });
    }
    // Returns once there is none. No more come. Context: may sleep.
    void wait_for_none()
    {
        constexpr unsigned int look_ms = 1000;
        while (!none_left_.wait(look_ms)) {}
    }

  private:
    Completion none_left_;
    Guarded<uint32_t, SpinLock> count_;
};

} // namespace xen_front

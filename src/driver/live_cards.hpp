// SPDX-License-Identifier: GPL-2.0-only
// The cards that exist, so that the module can wait for the last one.
#pragma once

#include "base/guarded.hpp"
#include "kernel/lock.hpp"

namespace xen_front {

class LiveCards {
  public:
    // A card, while it exists. Context: may sleep.
    class Member {
      public:
        explicit Member(LiveCards &cards) : cards_(cards)
        {
            cards_.add();
        }
        Member(const Member &) = delete;
        Member &operator=(const Member &) = delete;
        ~Member()
        {
            cards_.remove();
        }

      private:
        LiveCards &cards_;
    };

    LiveCards() : count_(KSHIM_LOCK_CARD)
    {
        none_left_.complete();
    }
    LiveCards(const LiveCards &) = delete;
    LiveCards &operator=(const LiveCards &) = delete;

    // Returns once there is none. No more come. Context: may sleep.
    void wait_for_none()
    {
        constexpr unsigned int look_ms = 1000;
        while (!none_left_.wait(look_ms)) {}
        // The last one may still hold the lock under which it said so.
        count_.with([](uint32_t &) {});
    }

  private:
    void add()
    {
        count_.with([&](uint32_t &count) {
            if (count++ == 0)
                none_left_.rearm();
        });
    }
    void remove()
    {
        count_.with([&](uint32_t &count) {
            if (--count == 0)
                none_left_.complete();
        });
    }

    Completion none_left_;
    Guarded<uint32_t, SpinLock> count_;
};

} // namespace xen_front

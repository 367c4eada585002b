// SPDX-License-Identifier: GPL-2.0-only
// When to look at streams whose backend may be dead.
#pragma once

#include "base/guarded.hpp"
#include "kernel/lock.hpp"
#include "kernel/work.hpp"

namespace xen_front {

// Of all streams of a card. Nothing is due while none of them runs.
class Watchdog {
  public:
    // @look is called with @context; it says by again() whether it wants to be called once more.
    Watchdog(kshim_work_function look, void *context)
        : look_(look, context), running_(KSHIM_LOCK_WATCHDOG)
    {
    }
    Watchdog(const Watchdog &) = delete;
    Watchdog &operator=(const Watchdog &) = delete;

    // A stream runs: look within @milliseconds. Context: any; ring lock held or not.
    void begin(unsigned int milliseconds)
    {
        running_.with([&](uint32_t &running) {
            running++;
            look_.schedule(milliseconds);
        });
    }
    // It does not any more. Once for each begin(). Context: as begin().
    void end()
    {
        running_.with([&](uint32_t &running) {
            if (--running == 0)
                look_.withdraw();
        });
    }
    // Looks again within @milliseconds if a stream still runs. Context: as begin().
    void again(unsigned int milliseconds)
    {
        running_.with([&](uint32_t running) {
            if (running != 0)
                look_.schedule(milliseconds);
        });
    }
    // Waits for a look that is under way. No stream runs, or will. Context: may sleep.
    void cancel()
    {
        look_.cancel();
    }

  private:
    Work look_;
    Guarded<uint32_t, SpinLock> running_;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// Locks and waiting.
#pragma once

#include "base/thread_safety.hpp"
#include "base/types.hpp"
#include "kshim/sync.h"

namespace xen_front {

// Disables interrupts while held. Context: any.
class XEN_FRONT_LOCK("spinlock") SpinLock {
  public:
    explicit SpinLock(kshim_lock_class lock_class)
    {
        kshim_spinlock_init(&lock_, lock_class);
    }
    SpinLock(const SpinLock &) = delete;
    SpinLock &operator=(const SpinLock &) = delete;

    class XEN_FRONT_LOCK_GUARD Guard {
      public:
        explicit Guard(SpinLock &lock) XEN_FRONT_ACQUIRES(lock)
            : lock_(lock.lock_), flags_(kshim_spinlock_lock(&lock_))
        {
        }
        ~Guard() XEN_FRONT_RELEASES()
        {
            kshim_spinlock_unlock(&lock_, flags_);
        }
        Guard(const Guard &) = delete;
        Guard &operator=(const Guard &) = delete;

      private:
        kshim_spinlock &lock_;
        unsigned long flags_;
    };

  private:
    kshim_spinlock lock_;
};

// Context: may sleep.
class XEN_FRONT_LOCK("mutex") Mutex {
  public:
    explicit Mutex(kshim_lock_class lock_class)
    {
        kshim_mutex_init(&mutex_, lock_class);
    }
    ~Mutex()
    {
        kshim_mutex_destroy(&mutex_);
    }
    Mutex(const Mutex &) = delete;
    Mutex &operator=(const Mutex &) = delete;

    class XEN_FRONT_LOCK_GUARD Guard {
      public:
        explicit Guard(Mutex &mutex) XEN_FRONT_ACQUIRES(mutex) : mutex_(mutex.mutex_)
        {
            kshim_mutex_lock(&mutex_);
        }
        ~Guard() XEN_FRONT_RELEASES()
        {
            kshim_mutex_unlock(&mutex_);
        }
        Guard(const Guard &) = delete;
        Guard &operator=(const Guard &) = delete;

      private:
        kshim_mutex &mutex_;
    };

  private:
    kshim_mutex mutex_;
};

// Something that happens once after each rearm().
class Completion {
  public:
    Completion()
    {
        kshim_completion_init(&completion_);
    }
    Completion(const Completion &) = delete;
    Completion &operator=(const Completion &) = delete;

    // No caller may be waiting.
    void rearm()
    {
        kshim_completion_rearm(&completion_);
    }
    // Context: any.
    void complete()
    {
        kshim_completion_complete(&completion_);
    }
    // True when it happened within @milliseconds. Context: may sleep.
    bool wait(unsigned int milliseconds)
    {
        return kshim_completion_wait(&completion_, milliseconds);
    }

  private:
    kshim_completion completion_;
};

// Microseconds of a clock that only goes forward. Context: any.
inline uint64_t now_us()
{
    return kshim_now_us();
}

// Milliseconds of the same clock. Context: any.
inline uint64_t now_ms()
{
    return kshim_now_ms();
}

// Of two times or durations the earlier or shorter; 0 stands for none.
template <typename T> constexpr T sooner(T one, T other)
{
    return other == 0 || (one != 0 && one < other) ? one : other;
}

// Sleeps for about @milliseconds. Context: may sleep.
inline void sleep_for(unsigned int milliseconds)
{
    kshim_sleep(milliseconds);
}

// A point in time after which waiting ends.
class Deadline {
  public:
    explicit Deadline(unsigned int milliseconds) : end_ms_(now_ms() + milliseconds)
    {
    }
    bool has_passed() const
    {
        return now_ms() >= end_ms_;
    }

  private:
    uint64_t end_ms_;
};

} // namespace xen_front

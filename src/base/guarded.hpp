// SPDX-License-Identifier: GPL-2.0-only
// Guarded<T, Lock>: data that cannot be reached without its lock.
#pragma once

#include "base/thread_safety.hpp"
#include "base/types.hpp"

namespace xen_front {

// @Lock has a nested class Guard, which holds a Lock from construction to destruction.
template <typename T, typename Lock> class Guarded {
  public:
    // @lock is the argument of the lock's constructor, @arguments are those of the data's.
    template <typename LockArgument, typename... Arguments>
    explicit Guarded(LockArgument &&lock, Arguments &&...arguments)
        : lock_(xen_front::forward<LockArgument>(lock)),
          value_ { xen_front::forward<Arguments>(arguments)... }
    {
    }
    Guarded(const Guarded &) = delete;
    Guarded &operator=(const Guarded &) = delete;

    // Calls @action with the data while the lock is held, and returns what it returns.
    template <typename Action> auto with(Action &&action) XEN_FRONT_EXCLUDES(lock_)
    {
        typename Lock::Guard guard(lock_);
        return action(value_);
    }

  private:
    Lock lock_;
    T value_ XEN_FRONT_GUARDED_BY(lock_);
};

} // namespace xen_front

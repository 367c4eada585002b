// SPDX-License-Identifier: GPL-2.0-only
// Guarded data is reached for without its lock.
// expect: is private within this context
#include "base/guarded.hpp"

struct NoLock {
    struct Guard {
        explicit Guard(NoLock &)
        {
        }
    };
};

int use(xen_front::Guarded<int, NoLock> &guarded)
{
    return guarded.value_;
}

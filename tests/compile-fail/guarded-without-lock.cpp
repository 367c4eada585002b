// SPDX-License-Identifier: GPL-2.0-only
// Guarded data is reached for without its lock.
// expected-error@*:* {{is a private member}}
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

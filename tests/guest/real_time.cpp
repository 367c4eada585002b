// SPDX-License-Identifier: GPL-2.0-only
#include "real_time.h"

#include "ktap.h"

#include <sched.h>
#include <sys/mman.h>

namespace selftest {

RealTime::RealTime()
{
    const sched_param parameters = { .sched_priority = 1 };
    // Not what comes: of a thread's stack all pages would have to be there before it starts.
    if (sched_setscheduler(0, SCHED_FIFO, &parameters) != 0 || mlockall(MCL_CURRENT) != 0)
        diagnose("cannot run in real time");
}

RealTime::~RealTime()
{
    const sched_param parameters = {};
    sched_setscheduler(0, SCHED_OTHER, &parameters);
    munlockall();
}

} // namespace selftest

// SPDX-License-Identifier: GPL-2.0-only
// Something to be done later, in a thread that may sleep.
#pragma once

#include "kshim/work.h"

namespace xen_front {

class Work {
  public:
    // @function is called with @context for every run; never twice at a time.
    Work(kshim_work_class work_class, kshim_work_function function, void *context)
    {
        kshim_work_init(&work_, work_class, function, context);
    }
    Work(const Work &) = delete;
    Work &operator=(const Work &) = delete;

    // Has it run within @milliseconds, or earlier if it is due anyway. Context: any.
    void schedule(unsigned int milliseconds)
    {
        kshim_work_schedule(&work_, milliseconds);
    }
    // Waits for a run that is under way; nothing may schedule any more. Due before the object is
    // destroyed. Context: may sleep.
    void cancel()
    {
        kshim_work_cancel(&work_);
    }

  private:
    kshim_work work_;
};

} // namespace xen_front

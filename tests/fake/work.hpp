// SPDX-License-Identifier: GPL-2.0-only
// kshim's works: when each is due, and the thread that runs it.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "fake/thread.hpp"
#include "fake/timeline.hpp"
#include "kshim/work.h"

namespace xen_front::fake {

class Works {
  public:
    explicit Works(Timeline &timeline, Context &context) : timeline_(timeline), context_(context)
    {
    }

    void init(const kshim_work *work, kshim_work_function function, void *context);
    void schedule(const kshim_work *work, Duration delay);
    void cancel(const kshim_work *work);
    // Works have to be cancelled before their memory goes, if they were ever scheduled.
    void on_memory_freed(const void *memory, size_t size);
    // One line for each that may still run.
    std::string leaks() const;
    // While the guest's processes are frozen no work runs. thaw() runs what
    // became due.
    void freeze()
    {
        is_frozen_ = true;
    }
    void thaw();
    // How often works have run.
    uint64_t runs() const
    {
        return runs_;
    }

  private:
    struct Entry {
        const kshim_work *work;
        kshim_work_function function;
        void *context;
        Timeline::Plan plan = 0; // 0: not due
        Duration due {};
        bool is_held_back = false; // by the freezer
        std::unique_ptr<Thread> thread; // the last run
        bool is_idle() const
        {
            return plan == 0 && !is_held_back && (!thread || thread->has_ended());
        }
    };

    Entry *find(const kshim_work *work);
    void run(Entry &entry);

    Timeline &timeline_;
    Context &context_;
    std::list<Entry> entries_;
    uint64_t runs_ = 0;
    bool is_frozen_ = false;
};

} // namespace xen_front::fake

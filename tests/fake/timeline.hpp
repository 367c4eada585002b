// SPDX-License-Identifier: GPL-2.0-only
// Virtual time: it passes only while a caller waits, and what is planned happens on the way.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

#include "fake/context.hpp"

namespace xen_front::fake {

using Duration = std::chrono::nanoseconds;

class Timeline {
  public:
    using Action = std::function<void()>;
    // What cancel() takes; 0 is never one.
    using Plan = uint64_t;

    explicit Timeline(Context &context) : context_(context)
    {
    }
    Timeline(const Timeline &) = delete;
    Timeline &operator=(const Timeline &) = delete;

    // Since the start of the fake kernel.
    Duration now() const
    {
        return now_;
    }
    // Has @action happen @delay from now, on another processor.
    Plan after(Duration delay, Action action);
    void cancel(Plan plan);

    // Lets time pass until @is_done, for at most @limit. Returns whether it is done.
    bool wait(const std::function<bool()> &is_done, Duration limit);
    // Lets @time pass.
    void pass(Duration time);
    // Lets @time pass without running what is planned: that is late then.
    void stall(Duration time)
    {
        now_ += time;
    }

  private:
    struct Entry {
        Plan plan;
        Action action;
    };

    Context &context_;
    Duration now_ { 0 };
    Plan last_plan_ = 0;
    std::multimap<Duration, Entry> planned_;
};

} // namespace xen_front::fake

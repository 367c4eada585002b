// SPDX-License-Identifier: GPL-2.0-only
// Time of the real kernel; what is planned happens in the world's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>

namespace xen_front::fake {

using Duration = std::chrono::nanoseconds;
class World;

class Timeline {
  public:
    using Action = std::function<void()>;
    using Plan = uint64_t;

    explicit Timeline(World &world);

    // Since this was made.
    Duration now() const;
    Plan after(Duration delay, Action action);
    void cancel(Plan plan);
    void pass(Duration time);

    // ---- the world's thread, which has the lock ----

    // Runs what is due; when the next is, if anything is planned.
    void run_due();
    bool has_plans() const
    {
        return !planned_.empty();
    }
    Duration next_due() const
    {
        return planned_.begin()->first;
    }

  private:
    struct Entry {
        Plan plan;
        Action action;
    };
    World &world_;
    const Duration start_;
    Plan last_plan_ = 0;
    std::multimap<Duration, Entry> planned_;
};

} // namespace xen_front::fake

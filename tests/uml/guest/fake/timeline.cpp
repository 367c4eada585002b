// SPDX-License-Identifier: GPL-2.0-only
#include "fake/timeline.hpp"

#include <ctime>

#include "fake/world.hpp"

namespace xen_front::fake {

namespace {

Duration clock_now()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

} // namespace

Timeline::Timeline(World &world) : world_(world), start_(clock_now())
{
}

Duration Timeline::now() const
{
    return clock_now() - start_;
}

Timeline::Plan Timeline::after(Duration delay, Action action)
{
    planned_.emplace(now() + delay, Entry { ++last_plan_, std::move(action) });
    world_.wake();
    return last_plan_;
}

void Timeline::cancel(Plan plan)
{
    std::erase_if(planned_, [=](const auto &entry) { return entry.second.plan == plan; });
}

void Timeline::pass(Duration time)
{
    world_.unlocked([&] {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
        timespec left = { static_cast<time_t>(seconds.count()),
                          static_cast<long>((time - seconds).count()) };
        while (nanosleep(&left, &left) != 0)
            continue;
    });
    world_.settle();
}

void Timeline::run_due()
{
    while (!planned_.empty() && planned_.begin()->first <= now()) {
        const Action action = std::move(planned_.begin()->second.action);
        planned_.erase(planned_.begin());
        action();
    }
}

} // namespace xen_front::fake

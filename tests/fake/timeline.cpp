// SPDX-License-Identifier: GPL-2.0-only
#include "fake/timeline.hpp"

#include <algorithm>
#include <utility>

namespace xen_front::fake {

Timeline::Plan Timeline::after(Duration delay, Action action)
{
    planned_.emplace(now_ + delay, Entry { ++last_plan_, std::move(action) });
    return last_plan_;
}

void Timeline::cancel(Plan plan)
{
    std::erase_if(planned_, [plan](const auto &entry) { return entry.second.plan == plan; });
}

bool Timeline::wait(const std::function<bool()> &is_done, Duration limit)
{
    const Duration end = now_ + limit;
    // The actions that this loop runs may let time pass themselves, beyond the end.
    bool is_too_late = false;
    const Plan after_end = after(limit + Duration(1), [&] { is_too_late = !is_done(); });
    while (!is_done() && !is_too_late) {
        if (planned_.begin()->first > end) {
            now_ = std::max(now_, end);
            break;
        }
        const auto next = planned_.begin();
        const Action action = std::move(next->second.action);
        now_ = std::max(now_, next->first);
        planned_.erase(next);
        context_.run_elsewhere(action);
    }
    cancel(after_end);
    return !is_too_late && is_done();
}

void Timeline::pass(Duration time)
{
    wait([] { return false; }, time);
}

} // namespace xen_front::fake

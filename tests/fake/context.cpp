// SPDX-License-Identifier: GPL-2.0-only
#include "fake/context.hpp"

#include <algorithm>
#include <utility>

#include "fake/fault.hpp"
#include "fake/thread.hpp"

namespace xen_front::fake {

bool Context::is_in_interrupt() const
{
    return top().is_interrupt;
}

bool Context::are_interrupts_off() const
{
    return top().is_interrupt ||
           std::any_of(top().held.begin(), top().held.end(),
                       [](const Held &held) { return held.kind == LockKind::Spin; });
}

std::string Context::held_locks() const
{
    std::string names;
    for (const Execution *execution : executions_) {
        for (const Frame &frame : execution->frames) {
            for (const Held &held : frame.held)
                names += (names.empty() ? "" : ", ") + held.lock_class;
        }
    }
    return names;
}

void Context::require_may_sleep(const char *what)
{
    if (!are_interrupts_off())
        return;
    report_fault(std::string(what) + " may sleep, but was called " +
                 (is_in_interrupt() ? "from an interrupt handler"
                                    : "with a spinlock held: " + held_locks()));
}

void Context::require_no_lock_of(const char *lock_class, const char *what)
{
    for (const Held &held : top().held) {
        if (held.lock_class == lock_class)
            report_fault(std::string(what) + " was called with the " + lock_class + " lock held");
    }
}

void Context::require_no_lock(const char *what)
{
    for (const Held &held : top().held)
        report_fault(std::string(what) + " was called with the " + held.lock_class + " lock held");
}

bool Context::holds(const void *lock) const
{
    const auto &held = top().held;
    return std::any_of(held.begin(), held.end(),
                       [lock](const Held &entry) { return entry.lock == lock; });
}

bool Context::is_lock_held_in(const void *start, size_t size) const
{
    const auto first = reinterpret_cast<uintptr_t>(start);
    for (const Execution *execution : executions_) {
        for (const Frame &frame : execution->frames) {
            for (const Held &held : frame.held) {
                const auto address = reinterpret_cast<uintptr_t>(held.lock);
                if (address >= first && address < first + size)
                    return true;
            }
        }
    }
    return false;
}

const Context::Execution *Context::holder_of(const void *lock) const
{
    for (const Execution *execution : executions_) {
        for (const Frame &frame : execution->frames) {
            for (const Held &held : frame.held) {
                if (held.lock == lock)
                    return execution;
            }
        }
    }
    return nullptr;
}

bool Context::is_ordered_before(const std::string &first, const std::string &second) const
{
    const auto inner = taken_inside_.find(first);
    if (inner == taken_inside_.end())
        return false;
    return inner->second.contains(second) ||
           std::any_of(inner->second.begin(), inner->second.end(), [&](const std::string &middle) {
               return middle != first && is_ordered_before(middle, second);
           });
}

void Context::check_order(const std::string &lock_class)
{
    for (const Held &outer : top().held) {
        const auto known = taken_inside_.find(outer.lock_class);
        if (known != taken_inside_.end() && known->second.contains(lock_class))
            continue;
        if (outer.lock_class == lock_class || is_ordered_before(lock_class, outer.lock_class)) {
            report_fault("lock order inversion: " + lock_class + " is taken inside " +
                         outer.lock_class + ", which elsewhere nests inside " + lock_class);
            continue; // not learnt: one mistake is reported once
        }
        taken_inside_[outer.lock_class].insert(lock_class);
    }
}

bool Context::acquire(const void *lock, LockKind kind, const std::string &lock_class)
{
    if (kind == LockKind::Mutex && are_interrupts_off())
        require_may_sleep(("locking the " + lock_class + " mutex").c_str());
    while (const Execution *holder = holder_of(lock)) {
        if (holder == current_ || current_->thread == nullptr) {
            report_fault("deadlock: the " + lock_class + " lock is held already");
            return false;
        }
        current_->thread->wait_for(lock);
    }
    check_order(lock_class);
    top().held.push_back({ lock, kind, lock_class });
    return true;
}

void Context::release(const void *lock)
{
    auto &held = top().held;
    const auto found = std::find_if(held.begin(), held.end(),
                                    [lock](const Held &entry) { return entry.lock == lock; });
    if (found == held.end()) {
        report_fault("a lock was released that is not held");
        return;
    }
    held.erase(found);
    deliver_interrupts();
    wake_waiters(lock);
}

void Context::wake_waiters(const void *lock)
{
    const std::vector<Execution *> executions = executions_;
    for (Execution *execution : executions) {
        // Those that go on may have ended others meanwhile.
        const bool is_there =
            std::find(executions_.begin(), executions_.end(), execution) != executions_.end();
        if (is_there && execution->thread != nullptr && execution->thread->awaited_ == lock)
            execution->thread->resume();
    }
}

void Context::run_elsewhere(const std::function<void()> &body)
{
    current_->frames.emplace_back();
    body();
    if (!top().held.empty())
        report_fault("a lock is still held at the end");
    current_->frames.pop_back();
    deliver_interrupts();
}

void Context::run_interrupt(std::function<void()> body)
{
    pending_interrupts_.push_back(std::move(body));
    deliver_interrupts();
}

void Context::deliver_interrupts()
{
    while (!pending_interrupts_.empty() && !are_interrupts_off()) {
        const auto body = std::move(pending_interrupts_.front());
        pending_interrupts_.erase(pending_interrupts_.begin());
        current_->frames.push_back({ .is_interrupt = true, .held = {} });
        body();
        if (!top().held.empty())
            report_fault("an interrupt handler returned with a lock held");
        current_->frames.pop_back();
    }
}

} // namespace xen_front::fake

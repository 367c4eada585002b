// SPDX-License-Identifier: GPL-2.0-only
// Which process or interrupt runs, and the locks that each of them holds. Checks the kernel's rules
// of both, as lockdep and DEBUG_ATOMIC_SLEEP do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace xen_front::fake {

enum class LockKind : uint8_t {
    Spin, // interrupts are off while it is held
    Mutex,
};

class Thread;

// The order of locks is checked by their class, as in lockdep. A class is a string.
class Context {
  public:
    Context() = default;
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;

    // ---- rules ----

    // A fault when the caller is atomic: @what, which it calls, may sleep.
    void require_may_sleep(const char *what);
    // A fault when the caller of @what holds a lock of @lock_class, which is an inner one.
    void require_no_lock_of(const char *lock_class, const char *what);
    // A fault when the caller of @what holds any lock.
    void require_no_lock(const char *what);
    bool is_in_interrupt() const;
    bool holds(const void *lock) const;
    bool is_held(const void *lock) const
    {
        return holder_of(lock) != nullptr;
    }

    // ---- locks ----

    // A thread waits while another one holds the lock. False, after a fault, when waiting would
    // never end.
    bool acquire(const void *lock, LockKind kind, const std::string &lock_class);
    void release(const void *lock);
    // Whether anything holds a lock inside [@start, @start + @size).
    bool is_lock_held_in(const void *start, size_t size) const;
    // Names what is held now; "" when nothing is.
    std::string held_locks() const;

    // ---- who runs ----

    // Runs @body on another processor, or outside of the guest: the caller's locks are not its own.
    void run_elsewhere(const std::function<void()> &body);
    // Runs @body as an interrupt handler, at once or when interrupts are on again.
    void run_interrupt(std::function<void()> body);

  private:
    friend class Thread;

    struct Held {
        const void *lock;
        LockKind kind;
        std::string lock_class;
    };
    // A process, or an interrupt; the one that interrupts stands behind what it interrupts.
    struct Frame {
        bool is_interrupt = false;
        std::vector<Held> held;
    };
    struct Execution {
        std::vector<Frame> frames = std::vector<Frame>(1);
        Thread *thread = nullptr; // nullptr: the test's own
    };

    Frame &top()
    {
        return current_->frames.back();
    }
    const Frame &top() const
    {
        return current_->frames.back();
    }
    const Execution *holder_of(const void *lock) const;
    bool are_interrupts_off() const;
    void deliver_interrupts();
    void wake_waiters(const void *lock);
    void check_order(const std::string &lock_class);
    bool is_ordered_before(const std::string &first, const std::string &second) const;

    Execution test_;
    Execution *current_ = &test_;
    std::vector<Execution *> executions_ { &test_ };
    std::vector<std::function<void()>> pending_interrupts_;
    std::map<std::string, std::set<std::string>> taken_inside_; // by class of the outer lock
};

// Holds a lock of the fake kernel's own for a block.
class HeldLock {
  public:
    HeldLock(Context &context, const void *lock, LockKind kind, const std::string &lock_class)
        : context_(context), lock_(lock), is_taken_(context.acquire(lock, kind, lock_class))
    {
    }
    ~HeldLock()
    {
        if (is_taken_)
            context_.release(lock_);
    }
    HeldLock(const HeldLock &) = delete;
    HeldLock &operator=(const HeldLock &) = delete;

  private:
    Context &context_;
    const void *lock_;
    bool is_taken_;
};

} // namespace xen_front::fake

// SPDX-License-Identifier: GPL-2.0-only
#include "fake/locks.hpp"

#include <algorithm>
#include <cstdint>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/sync.h"

namespace xen_front::fake {

namespace {

// What stands in kshim's opaque objects.
struct Lock {
    static constexpr uint64_t spin_mark = 0x5350494e4c4f434b;
    static constexpr uint64_t mutex_mark = 0x4d55544558212121;

    uint64_t mark;
    uint64_t lock_class;
};

struct Completion {
    static constexpr uint64_t valid_mark = 0x434f4d504c455445;

    uint64_t mark;
    uint64_t is_complete;
    uint64_t waiters;
};

static_assert(sizeof(Lock) <= sizeof(kshim_spinlock) && sizeof(Lock) <= sizeof(kshim_mutex));
static_assert(sizeof(Completion) <= sizeof(kshim_completion));

// What kshim_spinlock_lock() returns and kshim_spinlock_unlock() wants back.
constexpr unsigned long flags_pattern = 0x246;

const char *class_name(uint64_t lock_class)
{
    switch (lock_class) {
    case KSHIM_LOCK_RING:
        return ring_lock_class;
    case KSHIM_LOCK_MIXER:
        return "mixer";
    case KSHIM_LOCK_CARD:
        return "card";
    case KSHIM_LOCK_GRANTS:
        return "grants";
    case KSHIM_LOCK_SUBSTREAM:
        return "substream";
    case KSHIM_LOCK_REQUEST:
        return "request";
    case KSHIM_LOCK_FRONTEND:
        return "frontend";
    default:
        return "unnamed";
    }
}

template <typename T, typename Opaque> T &as(Opaque *object)
{
    return *reinterpret_cast<T *>(object->opaque);
}

Lock *lock_in(void *object, uint64_t mark)
{
    auto *lock = static_cast<Lock *>(object);
    if (lock->mark == mark)
        return lock;
    report_fault("a lock is used that is not initialised, or was destroyed");
    return nullptr;
}

Completion *completion_in(kshim_completion *object)
{
    auto &completion = as<Completion>(object);
    if (completion.mark == Completion::valid_mark)
        return &completion;
    report_fault("a completion is used that is not initialised");
    return nullptr;
}

} // namespace

void Locks::on_mutex_init(const void *mutex)
{
    mutexes_.push_back(mutex);
}

void Locks::on_mutex_destroy(const void *mutex)
{
    std::erase(mutexes_, mutex);
}

void Locks::on_memory_freed(const void *memory, size_t size)
{
    const auto start = reinterpret_cast<uintptr_t>(memory);
    const auto removed = std::erase_if(mutexes_, [=](const void *mutex) {
        const auto address = reinterpret_cast<uintptr_t>(mutex);
        return address >= start && address < start + size;
    });
    if (removed != 0)
        report_fault("memory was freed with a mutex in it that was not destroyed");
}

std::string Locks::leaks() const
{
    std::string text;
    for (size_t i = 0; i < mutexes_.size(); i++)
        text += "a mutex that was not destroyed\n";
    return text;
}

} // namespace xen_front::fake

using namespace xen_front::fake;

void kshim_spinlock_init(kshim_spinlock *lock, kshim_lock_class lock_class)
{
    as<Lock>(lock) = { Lock::spin_mark, static_cast<uint64_t>(lock_class) };
}

unsigned long kshim_spinlock_lock(kshim_spinlock *lock)
{
    if (const Lock *known = lock_in(lock, Lock::spin_mark))
        Kernel::current().context.acquire(lock, LockKind::Spin, class_name(known->lock_class));
    return flags_pattern;
}

void kshim_spinlock_unlock(kshim_spinlock *lock, unsigned long flags)
{
    if (flags != flags_pattern)
        report_fault("kshim_spinlock_unlock() with other flags than kshim_spinlock_lock() gave");
    if (lock_in(lock, Lock::spin_mark) != nullptr)
        Kernel::current().context.release(lock);
}

void kshim_mutex_init(kshim_mutex *mutex, kshim_lock_class lock_class)
{
    as<Lock>(mutex) = { Lock::mutex_mark, static_cast<uint64_t>(lock_class) };
    Kernel::current().locks.on_mutex_init(mutex);
}

void kshim_mutex_destroy(kshim_mutex *mutex)
{
    if (lock_in(mutex, Lock::mutex_mark) == nullptr)
        return;
    if (Kernel::current().context.is_lock_held_in(mutex, sizeof(*mutex)))
        report_fault("kshim_mutex_destroy() of a mutex that is held");
    as<Lock>(mutex).mark = 0;
    Kernel::current().locks.on_mutex_destroy(mutex);
}

void kshim_mutex_lock(kshim_mutex *mutex)
{
    if (const Lock *known = lock_in(mutex, Lock::mutex_mark))
        Kernel::current().context.acquire(mutex, LockKind::Mutex, class_name(known->lock_class));
}

void kshim_mutex_unlock(kshim_mutex *mutex)
{
    if (lock_in(mutex, Lock::mutex_mark) != nullptr)
        Kernel::current().context.release(mutex);
}

void kshim_completion_init(kshim_completion *completion)
{
    as<Completion>(completion) = { Completion::valid_mark, 0, 0 };
}

void kshim_completion_rearm(kshim_completion *object)
{
    if (Completion *completion = completion_in(object)) {
        if (completion->waiters != 0)
            report_fault("kshim_completion_rearm() while a thread waits");
        completion->is_complete = 0;
    }
}

void kshim_completion_complete(kshim_completion *object)
{
    if (Completion *completion = completion_in(object))
        completion->is_complete = 1;
}

bool kshim_completion_wait(kshim_completion *object, unsigned int milliseconds)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_completion_wait()");
    Completion *completion = completion_in(object);
    if (completion == nullptr || completion->is_complete != 0)
        return completion != nullptr;

    const std::chrono::milliseconds limit(milliseconds);
    if (kernel.injector.is_failing("kshim_completion_wait", -ETIMEDOUT)) {
        kernel.timeline.stall(limit);
        return false;
    }
    completion->waiters++;
    const bool is_done = kernel.timeline.wait([&] { return completion->is_complete != 0; }, limit);
    completion->waiters--;
    return is_done;
}

uint64_t kshim_now_ms(void)
{
    const auto now = Kernel::current().timeline.now();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

uint64_t kshim_now_us(void)
{
    const auto now = Kernel::current().timeline.now();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void kshim_sleep(unsigned int milliseconds)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_sleep()");
    kernel.timeline.pass(std::chrono::milliseconds(milliseconds));
}

// SPDX-License-Identifier: GPL-2.0-only
// include/kshim/sync.h for real threads.
#include "kshim/sync.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

namespace {

template <typename T, typename Opaque> T &as(Opaque *object)
{
    static_assert(sizeof(T) <= sizeof(object->opaque));
    return *reinterpret_cast<T *>(object->opaque);
}

struct Completion {
    std::mutex lock;
    std::condition_variable changed;
    bool is_complete = false;
};

} // namespace

void kshim_spinlock_init(kshim_spinlock *lock, kshim_lock_class)
{
    new (lock->opaque) std::mutex;
}

unsigned long kshim_spinlock_lock(kshim_spinlock *lock)
{
    as<std::mutex>(lock).lock();
    return 0;
}

void kshim_spinlock_unlock(kshim_spinlock *lock, unsigned long)
{
    as<std::mutex>(lock).unlock();
}

void kshim_mutex_init(kshim_mutex *mutex, kshim_lock_class)
{
    new (mutex->opaque) std::mutex;
}

void kshim_mutex_destroy(kshim_mutex *mutex)
{
    as<std::mutex>(mutex).~mutex();
}

void kshim_mutex_lock(kshim_mutex *mutex)
{
    as<std::mutex>(mutex).lock();
}

void kshim_mutex_unlock(kshim_mutex *mutex)
{
    as<std::mutex>(mutex).unlock();
}

void kshim_completion_init(kshim_completion *completion)
{
    new (completion->opaque) Completion;
}

void kshim_completion_rearm(kshim_completion *object)
{
    auto &completion = as<Completion>(object);
    const std::lock_guard guard(completion.lock);
    completion.is_complete = false;
}

void kshim_completion_complete(kshim_completion *object)
{
    auto &completion = as<Completion>(object);
    const std::lock_guard guard(completion.lock);
    completion.is_complete = true;
    completion.changed.notify_all();
}

bool kshim_completion_wait(kshim_completion *object, unsigned int milliseconds)
{
    auto &completion = as<Completion>(object);
    std::unique_lock guard(completion.lock);
    // A deadline of the system's clock: ThreadSanitizer of GCC 12 does not know the wait for the
    // steady one.
    const auto end = std::chrono::system_clock::now() + std::chrono::milliseconds(milliseconds);
    return completion.changed.wait_until(guard, end, [&] { return completion.is_complete; });
}

uint64_t kshim_now_ms(void)
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

uint64_t kshim_now_us(void)
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

void kshim_sleep(unsigned int milliseconds)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

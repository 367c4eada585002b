// SPDX-License-Identifier: GPL-2.0-only
// include/kshim/work.h for real threads: each work that is ever scheduled has one.
#include "kshim/work.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using Clock = std::chrono::system_clock;

struct Work {
    const kshim_work_function function;
    void *const context;
    std::mutex lock;
    std::condition_variable changed;
    bool is_due = false;
    Clock::time_point due;
    bool is_over = false;
    std::thread thread;

    void run()
    {
        std::unique_lock guard(lock);
        while (!is_over) {
            if (!is_due) {
                changed.wait(guard);
            } else if (Clock::now() < due) {
                changed.wait_until(guard, due);
            } else {
                is_due = false;
                guard.unlock();
                function(context);
                guard.lock();
            }
        }
    }
};

Work *&as_work(kshim_work *work)
{
    return *reinterpret_cast<Work **>(work->opaque);
}

} // namespace

void kshim_work_init(kshim_work *work, kshim_work_class, kshim_work_function function,
                     void *context)
{
    as_work(work) = new Work { function, context, {}, {}, false, {}, false, {} };
}

void kshim_work_schedule(kshim_work *opaque, unsigned int milliseconds)
{
    Work &work = *as_work(opaque);
    const auto due = Clock::now() + std::chrono::milliseconds(milliseconds);
    const std::lock_guard guard(work.lock);
    if (work.is_due && work.due <= due)
        return;
    work.is_due = true;
    work.due = due;
    if (!work.thread.joinable())
        work.thread = std::thread([&work] { work.run(); });
    work.changed.notify_all();
}

void kshim_work_cancel(kshim_work *opaque)
{
    Work *work = as_work(opaque);
    {
        const std::lock_guard guard(work->lock);
        work->is_over = true;
        work->changed.notify_all();
    }
    if (work->thread.joinable())
        work->thread.join();
    delete work;
}

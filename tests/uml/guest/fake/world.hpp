// SPDX-License-Identifier: GPL-2.0-only
// What runs beside the application: a thread that is the other domains. It and the application's
// thread take turns: the one that runs holds the lock, and drops it while it is in the kernel.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "fake/device.hpp"

namespace xen_front::fake {

class Kernel;

class World {
  public:
    explicit World(Kernel &kernel);
    ~World();
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    // Runs @body, a system call that may wait for another domain, without the lock.
    template <typename Body> auto unlocked(Body body)
    {
        const Unlocker unlocker(*this);
        return body();
    }
    // Returns when the kernel and the other domains have done all that there is to do now. On one
    // processor whose time stands still while a process runs, that is when a sleep is over.
    void settle();
    // There is something new to wait for.
    void wake();
    // Asks the thread to end, from the thread of the application.
    void stop();

  private:
    struct Unlocker {
        explicit Unlocker(World &world) : world(world)
        {
            world.lock_.unlock();
        }
        ~Unlocker()
        {
            world.lock_.lock();
        }
        World &world;
    };
    void run();
    void serve_notifications();

    Kernel &kernel_;
    std::mutex lock_;
    bool is_stopping_ = false;
    int wake_descriptor_;
    std::thread thread_;
};

} // namespace xen_front::fake

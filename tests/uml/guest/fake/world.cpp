// SPDX-License-Identifier: GPL-2.0-only
#include "fake/world.hpp"

#include <cstdlib>
#include <ctime>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fake/kernel.hpp"

namespace xen_front::fake {

namespace {

// With two processors nothing says that the other one has nothing to do.
constexpr long settling_ns_with_one = 1000;
constexpr long settling_ns_with_more = 300'000;

long settling_ns()
{
    static const long chosen =
        sysconf(_SC_NPROCESSORS_ONLN) > 1 ? settling_ns_with_more : settling_ns_with_one;
    return chosen;
}

} // namespace

World::World(Kernel &kernel)
    : kernel_(kernel), wake_descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
{
    lock_.lock();
    thread_ = std::thread([this] { run(); });
}

World::~World()
{
    lock_.unlock();
    close(wake_descriptor_);
}

void World::wake()
{
    const uint64_t one = 1;
    if (write(wake_descriptor_, &one, sizeof(one)) != sizeof(one))
        std::abort();
}

void World::stop()
{
    is_stopping_ = true;
    wake();
    unlocked([this] { thread_.join(); });
}

void World::settle()
{
    unlocked([this] {
        kernel_.xen.call(FAKE_XEN_SETTLE);
        const timespec moment = { 0, settling_ns() };
        nanosleep(&moment, nullptr);
    });
}

void World::serve_notifications()
{
    uint32_t port;
    while (kernel_.xen.call(FAKE_XEN_NEXT_EVENT, port) == 0)
        kernel_.event_channels.notified(port);
}

void World::run()
{
    std::unique_lock held(lock_);
    while (!is_stopping_) {
        uint64_t wakes;
        if (read(wake_descriptor_, &wakes, sizeof(wakes)) < 0)
            wakes = 0;
        serve_notifications();
        kernel_.timeline.run_due();
        pollfd waiting[] = { { kernel_.xen.descriptor(), POLLIN, 0 },
                             { wake_descriptor_, POLLIN, 0 } };
        timespec limit = {};
        const bool has_limit = kernel_.timeline.has_plans();
        if (has_limit) {
            const Duration left =
                std::max(kernel_.timeline.next_due() - kernel_.timeline.now(), Duration(0));
            limit = { static_cast<time_t>(left.count() / 1'000'000'000),
                      static_cast<long>(left.count() % 1'000'000'000) };
        }
        held.unlock();
        ppoll(waiting, 2, has_limit ? &limit : nullptr, nullptr);
        held.lock();
    }
}

} // namespace xen_front::fake

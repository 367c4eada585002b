// SPDX-License-Identifier: GPL-2.0-only
// Runs in Dom0: the least that a backend can do to wake an application in a guest.
#include "channel.h"
#include "clock.h"
#include "guest/ktap.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sched.h>

namespace {

void sleep_until(uint64_t monotonic_ns)
{
    const timespec time = { static_cast<time_t>(monotonic_ns / 1'000'000'000),
                            static_cast<long>(monotonic_ns % 1'000'000'000) };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

// As the reference backend.
void claim_precedence()
{
    const sched_param parameters = { .sched_priority = 1 };
    selftest::expect(sched_setscheduler(0, SCHED_FIFO, &parameters) == 0,
                     "cannot be scheduled in real time");
}

// Whenever the guest asks, notifies it so many times. Each time is written as the reference backend
// writes the times of its events.
void serve(uint32_t domain, uint64_t interval_ns, unsigned int count)
{
    const bench::Channel channel = bench::Channel::offer(domain);
    std::printf("%u\n", channel.port());
    std::fflush(stdout);
    claim_precedence();
    for (;;) {
        channel.wait();
        const uint64_t start = bench::monotonic_ns();
        for (unsigned int i = 1; i <= count; i++) {
            sleep_until(start + i * interval_ns);
            channel.notify();
            std::printf("{\"t\":%lu,\"type\":\"event\"}\n", bench::monotonic_ns());
        }
        std::fflush(stdout);
    }
}

} // namespace

int main(int argc, char **argv)
{
    unsigned int domain = 0;
    unsigned long interval_us = 0;
    unsigned int count = 0;
    if (argc != 4 || std::sscanf(argv[1], "%u", &domain) != 1 ||
        std::sscanf(argv[2], "%lu", &interval_us) != 1 || std::sscanf(argv[3], "%u", &count) != 1) {
        std::fprintf(
            stderr,
            "Usage: %s DOMAIN MICROSECONDS COUNT\n\n"
            "Offers that domain an event channel, and prints its port. Whenever the domain\n"
            "notifies, notifies it COUNT times in these intervals, and prints when that was.\n",
            argv[0]);
        return 2;
    }
    try {
        serve(domain, interval_us * 1000, count);
    } catch (const selftest::Failure &failure) {
        std::fprintf(stderr, "%s: %s\n", argv[0], failure.what.c_str());
    }
    return 1;
}

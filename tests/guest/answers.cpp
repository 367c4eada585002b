// SPDX-License-Identifier: GPL-2.0-only
// Whether XenStore, another device of the guest, answers while a sound device is in trouble: all
// devices share the thread that serves its watches.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <thread>

#include "ktap.h"
#include "store.h"

namespace selftest {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char *node = "data/answers";
constexpr milliseconds pause(20);
constexpr milliseconds patience(10000);

// How long a watch of this process takes to tell of a change by this process.
double ask(Store &store, const std::string &value)
{
    const auto start = Clock::now();
    store.write(node, value);
    for (std::optional<std::string> path;;) {
        path = store.wait_for_watch(patience);
        expect(path.has_value(), "a watch did not tell of a change within 10 seconds");
        if (store.read(node) == value)
            break;
    }
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

void measure(milliseconds time)
{
    Store store;
    store.watch(node);
    const auto end = Clock::now() + time;
    int count = 0;
    double longest = 0;
    while (Clock::now() < end) {
        longest = std::max(longest, ask(store, std::to_string(++count)));
        if (count == 1) {
            std::printf("first_answer_ms %.0f\n", longest);
            std::fflush(stdout);
        }
        std::this_thread::sleep_for(pause);
    }
    std::printf("answers %d\nanswer_ms_max %.0f\n", count, longest);
}

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    const int time_ms = argc == 2 ? std::atoi(argv[1]) : 0;
    if (time_ms <= 0) {
        std::fprintf(stderr,
                     "usage: xen-front-answers MILLISECONDS\n"
                     "Changes a XenStore node again and again for so long, and prints how "
                     "often and\nhow long a watch took at most to tell of it; at once, how long "
                     "the first took.\n");
        return 2;
    }
    // Pages of the program come from a disk, whose time is the host's.
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        std::perror("xen-front-answers: mlockall");
        return 1;
    }
    try {
        selftest::measure(std::chrono::milliseconds(time_ms));
    } catch (const selftest::Failure &failure) {
        std::fprintf(stderr, "xen-front-answers: %s\n", failure.what.c_str());
        return 1;
    }
    return 0;
}

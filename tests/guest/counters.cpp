// SPDX-License-Identifier: GPL-2.0-only
#include "counters.h"

#include "ktap.h"

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <time.h>

namespace selftest {

namespace {

uint64_t count_interrupts()
{
    std::ifstream table("/proc/interrupts");
    std::string line;
    uint64_t sum = 0;
    while (std::getline(table, line)) {
        if (line.find(" xen-front-") == std::string::npos)
            continue;
        // "  9:  201  0  xen-dyn ...": one number for each processor.
        std::istringstream words(line.substr(line.find(':') + 1));
        uint64_t count = 0;
        while (words >> count)
            sum += count;
    }
    return sum;
}

} // namespace

Counters read_counters()
{
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return { count_interrupts(), static_cast<uint64_t>(usage.ru_nvcsw) };
}

double busy_seconds()
{
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    // The only clock of idleness in nanoseconds that there is.
    constexpr std::string_view idle = "  .idle_sleeptime : ";
    std::ifstream list("/proc/timer_list");
    std::string line;
    while (std::getline(list, line)) {
        if (line.rfind(idle, 0) != 0)
            continue;
        const double idle_ns = std::stod(line.substr(idle.size()));
        return static_cast<double>(now.tv_sec) + (static_cast<double>(now.tv_nsec) - idle_ns) / 1e9;
    }
    throw Failure { "/proc/timer_list does not say how long the processor was idle" };
}

} // namespace selftest

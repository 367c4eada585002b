// SPDX-License-Identifier: GPL-2.0-only
#include "counters.h"

#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>

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

} // namespace selftest

// SPDX-License-Identifier: GPL-2.0-only
// Full duplex for a long time: one device plays and records at once, without an xrun, bit for bit.
#include "duplex.h"
#include "ktap.h"
#include "real_time.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>

namespace {

using namespace selftest;

constexpr const char *duplex_pcm = "hw:0,0";

std::optional<Setup> parse_sizes(const char *text)
{
    Setup setup;
    char end = 0;
    if (std::sscanf(text, "%lu/%lu%c", &setup.period, &setup.buffer, &end) != 2)
        return std::nullopt;
    return setup;
}

double now()
{
    timespec time = {};
    clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// For the host, which sees whether several guests were at it at the same time.
void save_span(double start, double end)
{
    if (const char *directory = std::getenv("LAB_OUT"))
        std::ofstream(std::string(directory) + "/duplex.span")
            << std::fixed << start << " " << end << "\n";
}

int usage(const char *program)
{
    std::fprintf(
        stderr,
        "Usage: %s SECONDS PERIOD/BUFFER...\n\n"
        "Plays into %s and records from it at once, at 48 kHz with each of the sizes in\n"
        "frames, for SECONDS; reports in KTAP. The backend has to connect the two streams.\n"
        "Exit status: 0 when all passed, 1 when one failed, 2 wrong usage.\n",
        program, duplex_pcm);
    return 2;
}

} // namespace

int main(int argc, char **argv)
{
    const unsigned long seconds = argc > 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
    if (seconds == 0)
        return usage(argv[0]);
    std::vector<Test> tests;
    for (int i = 2; i < argc; i++) {
        const std::optional<Setup> setup = parse_sizes(argv[i]);
        if (!setup)
            return usage(argv[0]);
        tests.push_back({ std::string("duplex: ") + argv[i] + " frames, " +
                              std::to_string(seconds) + " s without an xrun, bit for bit",
                          [setup, seconds] {
                              play_and_record(duplex_pcm, *setup, duplex_pcm, *setup,
                                              seconds * setup->rate);
                          } });
    }
    const RealTime precedence;
    const double start = now();
    const int status = run_tests(tests, "");
    save_span(start, now());
    return status;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "tests.h"

#include <cstdio>
#include <cstring>

int main(int argc, char **argv)
{
    using namespace selftest;
    const bool is_loop = argc > 1 && std::strcmp(argv[1], "--loop") == 0;
    const int operands = argc - 1 - is_loop;
    const char *filter = operands > 0 ? argv[1 + is_loop] : "";
    const bool is_help = std::strcmp(filter, "--help") == 0;
    if (operands > 1 || is_help) {
        std::printf("Usage: %s [--loop] [TEXT]\n\n"
                    "Runs the selftests of snd-xen-front on the sound card that scripts/selftests\n"
                    "configures, and reports in KTAP. TEXT: only tests whose names contain it.\n"
                    "--loop: those of the card that captures what it plays.\n"
                    "Exit status: 0 when all passed, 1 when one failed or none ran.\n",
                    argv[0]);
        return is_help ? 0 : 2;
    }
    using Subject = std::vector<Test> (*)();
    const std::vector<Subject> subjects =
        is_loop ? std::vector<Subject> { roundtrip_tests, sweep_tests }
                : std::vector<Subject> { card_tests, playback_tests, budget_tests, capture_tests,
                                         status_tests };
    std::vector<Test> tests;
    for (const Subject subject : subjects) {
        for (Test &test : subject())
            tests.push_back(std::move(test));
    }
    return run_tests(tests, filter);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "tests.h"

#include <cstdio>
#include <cstring>

int main(int argc, char **argv)
{
    using namespace selftest;
    if (argc > 2 || (argc == 2 && std::strcmp(argv[1], "--help") == 0)) {
        std::printf("Usage: %s [TEXT]\n\n"
                    "Runs the selftests of snd-xen-front on the sound card that scripts/selftests\n"
                    "configures, and reports in KTAP. TEXT: only tests whose names contain it.\n"
                    "Exit status: 0 when all passed, 1 when one failed or none ran.\n",
                    argv[0]);
        return argc == 2 ? 0 : 2;
    }
    std::vector<Test> tests;
    for (auto subject : { card_tests, playback_tests, capture_tests }) {
        for (Test &test : subject())
            tests.push_back(std::move(test));
    }
    return run_tests(tests, argc == 2 ? argv[1] : "");
}

// SPDX-License-Identifier: GPL-2.0-only
// Runs scenarios, over whichever kernel it was built for.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fnmatch.h>
#include <string>
#include <vector>

#include "scenario/scenario.hpp"
#include "scenario/table.hpp"
#include "scenario/walk.hpp"

namespace xen_front::test {

namespace {

bool is_brief = false;

constexpr const char *usage =
    "usage: scenarios [--list] [--brief] [--transcript] [--share I/N] [--script STEPS] [PATTERN "
    "...]\n"
    "       scenarios --walk SEED/COUNT\n"
    "\n"
    "Runs the scenarios whose names match a shell pattern PATTERN (all by default) and prints a\n"
    "line for each, in the Test Anything Protocol.\n"
    "\n"
    "  --list          print names and steps, and run nothing\n"
    "  --brief         print failures only\n"
    "  --transcript    print what each step returned, and where the streams were after it\n"
    "  --share I/N     run only every Nth, from number I on (0 is the first)\n"
    "  --script STEPS  run these steps, separated by semicolons, and print their transcript\n"
    "  --walk S/N      N walks of random steps, with seeds from S on, with their transcripts\n"
    "  --help          this text\n"
    "\n"
    "exit status: 0 all as they should be, 1 one was not, 2 wrong usage\n";

bool run(const NamedScenario &named, bool has_transcript)
{
    Scenario scenario;
    scenario.run(named.script);
    scenario.end();
    if (has_transcript) {
        for (const std::string &line : scenario.transcript())
            std::printf("%s\n", line.c_str());
    }
    if (!is_brief || !scenario.failures().empty())
        std::printf("%s %s\n", scenario.failures().empty() ? "ok" : "not ok", named.name.c_str());
    for (const std::string &failure : scenario.failures())
        std::printf("# %s\n", failure.c_str());
    std::fflush(stdout);
    return scenario.failures().empty();
}

struct Share {
    unsigned int index = 0;
    unsigned int of = 1;
};

bool is_chosen(const std::string &name, const std::vector<const char *> &patterns)
{
    return patterns.empty() ||
           std::any_of(patterns.begin(), patterns.end(),
                       [&](const char *pattern) { return fnmatch(pattern, name.c_str(), 0) == 0; });
}

int run_all(const std::vector<const char *> &patterns, bool has_transcript, Share share)
{
    unsigned int matching = 0;
    unsigned int count = 0;
    unsigned int failed = 0;
    for (const NamedScenario &named : all_scenarios()) {
        if (!is_chosen(named.name, patterns) || matching++ % share.of != share.index)
            continue;
        count++;
        failed += !run(named, has_transcript);
    }
    std::printf("1..%u\n# %u of %u scenarios failed\n", count, failed, count);
    if (count == 0)
        std::printf("# no scenario is called so; --list knows their names\n");
    return count == 0 || failed != 0;
}

constexpr unsigned int steps_of_walk = 200;

// scripts/uml compares the transcripts of two kernels. Leaks and broken rules fail here as
// well.
bool walk(unsigned int seed)
{
    RandomChoices choices(seed);
    Scenario scenario;
    scenario.imitate_real_kernel();
    scenario.run(walk_start);
    for (unsigned int i = 0; i < steps_of_walk; i++)
        scenario.run(random_steps(choices));
    scenario.end();
    for (const std::string &line : scenario.transcript())
        std::printf("%u: %s\n", seed, line.c_str());
    std::printf("%s walk-%u\n", scenario.failures().empty() ? "ok" : "not ok", seed);
    for (const std::string &failure : scenario.failures())
        std::printf("# %s\n", failure.c_str());
    std::fflush(stdout);
    return scenario.failures().empty();
}

int walk_from(unsigned int seed, unsigned int count)
{
    unsigned int failed = 0;
    for (unsigned int i = 0; i < count; i++)
        failed += !walk(seed + i);
    return failed != 0;
}

} // namespace

int main_of_scenarios(int argc, char **argv)
{
    bool has_transcript = false;
    std::vector<const char *> patterns;
    Share share;
    for (int i = 1; i < argc; i++) {
        if (std::strcmp(argv[i], "--help") == 0) {
            std::fputs(usage, stdout);
            return 0;
        }
        if (std::strcmp(argv[i], "--list") == 0) {
            for (const NamedScenario &named : all_scenarios())
                std::printf("%s\t%s\n", named.name.c_str(), named.script.c_str());
            return 0;
        }
        if (std::strcmp(argv[i], "--brief") == 0) {
            is_brief = true;
            continue;
        }
        if (std::strcmp(argv[i], "--script") == 0 && i + 1 < argc)
            return !run({ "script", argv[i + 1] }, true);
        Share walks;
        if (std::strcmp(argv[i], "--walk") == 0 && i + 1 < argc &&
            std::sscanf(argv[i + 1], "%u/%u", &walks.index, &walks.of) == 2)
            return walk_from(walks.index, walks.of);
        if (std::strcmp(argv[i], "--share") == 0 && i + 1 < argc &&
            std::sscanf(argv[i + 1], "%u/%u", &share.index, &share.of) == 2 && share.of != 0) {
            i++;
        } else if (std::strcmp(argv[i], "--transcript") == 0) {
            has_transcript = true;
        } else if (argv[i][0] == '-') {
            std::fprintf(stderr, "scenarios: unknown argument '%s'; see --help\n", argv[i]);
            return 2;
        } else {
            patterns.push_back(argv[i]);
        }
    }
    return run_all(patterns, has_transcript, share);
}

} // namespace xen_front::test

int main(int argc, char **argv)
{
    return xen_front::test::main_of_scenarios(argc, argv);
}

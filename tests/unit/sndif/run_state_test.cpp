// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/run_state.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace xen_front::test {

namespace {

// Rows: from Idle to Failed. Columns: from Prepare to Reset.
// Where it leads: i, p, r, d, z (paused), s, f; a dot: refused.
constexpr const char *expected[] = {
    "p.......i", // Idle
    "pr....sfi", // Prepared
    "p.pz.dsfi", // Running
    "p....dsfi", // Draining
    "p...r.sfi", // Paused
    "p.....s.i", // Stopped
    "p..f..f.i", // Failed
};

static_assert(std::size(expected) == run_states);

char letter(RunState state)
{
    return "iprdzsf"[static_cast<uint8_t>(state)];
}

TEST(RunStateTest, EveryPair)
{
    for (uint32_t from = 0; from < run_states; from++) {
        ASSERT_EQ(std::string(expected[from]).size(), run_commands);
        for (uint32_t command = 0; command < run_commands; command++) {
            const RunTransition *row =
                find_transition(static_cast<RunState>(from), static_cast<RunCommand>(command));
            EXPECT_EQ(row == nullptr ? '.' : letter(row->to), expected[from][command])
                << name_of(static_cast<RunState>(from)) << ", command " << command;
        }
    }
}

TEST(RunStateTest, FoundRowsAreThePairsOwn)
{
    for (const RunTransition &row : run_transitions)
        EXPECT_EQ(find_transition(row.from, row.command), &row);
}

TEST(RunStateTest, EveryStateHasANameOfItsOwn)
{
    std::set<std::string> names;
    for (uint32_t state = 0; state < run_states; state++) {
        const std::string name = name_of(static_cast<RunState>(state));
        EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string::npos);
        names.insert(name);
    }
    EXPECT_EQ(names.size(), run_states);
}

} // namespace

} // namespace xen_front::test

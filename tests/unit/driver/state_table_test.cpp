// SPDX-License-Identifier: GPL-2.0-only
#include "driver/state_table.hpp"

#include <gtest/gtest.h>

namespace xen_front::test {

namespace {

using wire::XenbusState;

// Rows: our state. Columns: the backend's, from Unknown to Reconfigured.
// i: ignore, c: connect, r: register, x: close, l: lose, t: restart.
constexpr const char *expected[] = {
    "iiiiiiiii", // Unknown
    "liciixlii", // Initialising
    "iiiiiiiii", // InitWait
    "ltiirxlii", // Initialised
    "ltciixlii", // Connected
    "iiiiiiiii", // Closing
    "ltciiilii", // Closed
    "ltciixlii", // Reconfiguring
    "iiiiiiiii", // Reconfigured
};

char letter(Action action)
{
    switch (action) {
    case Action::Ignore:
        return 'i';
    case Action::Connect:
        return 'c';
    case Action::Register:
        return 'r';
    case Action::Close:
        return 'x';
    case Action::Lose:
        return 'l';
    case Action::Restart:
        return 't';
    }
    return '?';
}

TEST(StateTableTest, EveryPair)
{
    for (uint32_t frontend = 0; frontend < wire::xenbus_states; frontend++) {
        for (uint32_t backend = 0; backend < wire::xenbus_states; backend++) {
            const Action action =
                action_for(static_cast<XenbusState>(frontend), static_cast<XenbusState>(backend));
            EXPECT_EQ(letter(action), expected[frontend][backend])
                << "frontend " << frontend << ", backend " << backend;
        }
    }
}

TEST(StateTableTest, StatesThatThereAreNotAreIgnored)
{
    for (uint32_t frontend = 0; frontend < wire::xenbus_states; frontend++) {
        for (const uint32_t backend : { 9u, 1000u, ~0u })
            EXPECT_EQ(
                action_for(static_cast<XenbusState>(frontend), static_cast<XenbusState>(backend)),
                Action::Ignore);
    }
}

} // namespace

} // namespace xen_front::test

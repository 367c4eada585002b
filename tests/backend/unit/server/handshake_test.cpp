// SPDX-License-Identifier: GPL-2.0-only
#include "server/handshake.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

TEST(Handshake, FollowsTheStateDiagram)
{
    EXPECT_EQ(decide(Phase::reset, XenbusStateInitialising, false), Action::offer);
    EXPECT_EQ(decide(Phase::offered, XenbusStateInitialising, false), Action::none);
    EXPECT_EQ(decide(Phase::offered, XenbusStateInitialised, false), Action::connect);
    EXPECT_EQ(decide(Phase::connected, XenbusStateInitialised, false), Action::check);
    EXPECT_EQ(decide(Phase::connected, XenbusStateConnected, false), Action::none);
}

TEST(Handshake, WaitsForAnAttachedFrontendToLetGo)
{
    EXPECT_EQ(decide(Phase::reset, XenbusStateConnected, false), Action::none);
    EXPECT_EQ(decide(Phase::reset, XenbusStateInitialised, false), Action::none);
    EXPECT_EQ(decide(Phase::reset, XenbusStateReconfiguring, false), Action::offer);
    EXPECT_EQ(decide(Phase::reset, XenbusStateClosed, false), Action::offer);
}

TEST(Handshake, OffersAgainWhenTheFrontendLeaves)
{
    for (const xenbus_state state :
         { XenbusStateUnknown, XenbusStateInitialising, XenbusStateInitWait, XenbusStateClosed,
           XenbusStateReconfiguring, XenbusStateReconfigured })
        EXPECT_EQ(decide(Phase::connected, state, false), Action::offer);
}

TEST(Handshake, ClosesWithAFrontendThatCloses)
{
    EXPECT_EQ(decide(Phase::connected, XenbusStateClosing, false), Action::close);
    EXPECT_EQ(decide(Phase::offered, XenbusStateClosing, false), Action::close);
    EXPECT_EQ(decide(Phase::closing, XenbusStateClosed, false), Action::settle);
    EXPECT_EQ(decide(Phase::closed, XenbusStateClosed, false), Action::offer);
    EXPECT_EQ(decide(Phase::closed, XenbusStateInitialising, false), Action::offer);
    // The one that stays there waits for InitWait.
    EXPECT_EQ(decide(Phase::closing, XenbusStateClosing, false), Action::offer);
}

TEST(Handshake, LeavesOnce)
{
    for (unsigned state = 0; state <= XenbusStateReconfigured; ++state) {
        const auto frontend = static_cast<xenbus_state>(state);
        for (const Phase phase : { Phase::reset, Phase::offered, Phase::connected, Phase::closing })
            EXPECT_EQ(decide(phase, frontend, true), Action::remove);
        EXPECT_EQ(decide(Phase::removed, frontend, true), Action::none);
    }
}

TEST(Handshake, ReadsStates)
{
    EXPECT_EQ(parse_state("4"), XenbusStateConnected);
    EXPECT_EQ(parse_state("8"), XenbusStateReconfigured);
    for (const char *text : { "", "9", "44", "x", "-1" })
        EXPECT_EQ(parse_state(text), XenbusStateUnknown);
    EXPECT_EQ(state_name(XenbusStateReconfiguring), "Reconfiguring");
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/request_budget.hpp"

#include <gtest/gtest.h>

#include "protocol/request_ring.hpp"

namespace sndback {
namespace {

// However long it was quiet, it is not served for longer than other guests' streams can wait.
TEST(RequestBudget, ServesAQuietGuestInSmallPieces)
{
    using namespace std::chrono_literals;
    for (const unsigned a_second : { 3000U, 20'000U }) {
        RequestBudget budget(1);
        budget.set_rate(a_second);
        Time now = 1h;
        unsigned at_once = 1;
        while (!budget.charge(now))
            ++at_once;
        EXPECT_GE(at_once, 2 * RequestRing::slots) << a_second;
        EXPECT_LE(at_once, std::max(a_second / 50, 2 * RequestRing::slots) + 1) << a_second;

        // In the long run it gets all that it may ask for.
        unsigned granted = 0;
        for (const Time end = now + 1s; now < end;) {
            if (const std::optional<Time> again = budget.charge(now))
                now = *again;
            ++granted;
        }
        EXPECT_NEAR(granted, a_second, a_second / 50) << a_second;
    }
}

// The processor has other things to do than to look again for every single one.
TEST(RequestBudget, WaitsAMillisecondAtLeast)
{
    using namespace std::chrono_literals;
    RequestBudget budget(10'000);
    const Time now = 1h;
    EXPECT_EQ(budget.charge(now, 201), now + 1ms);
}

// What one request overdraws, and what many streams do at the same time, is paid back.
TEST(RequestBudget, LetsNothingMoreBeDoneUntilWhatWasDoneIsPaid)
{
    using namespace std::chrono_literals;
    RequestBudget budget(1000);
    const Time now = 1h;
    EXPECT_EQ(budget.charge(now, 64), std::nullopt);
    EXPECT_EQ(budget.charge(now, 2000), now + 2s);
    EXPECT_EQ(budget.charge(now), now + 2001ms);
    EXPECT_EQ(budget.charge(now + 2s), now + 2002ms);
    EXPECT_EQ(budget.charge(now + 1h, 64), std::nullopt);
    EXPECT_NE(budget.charge(now + 1h), std::nullopt);
}

} // namespace
} // namespace sndback

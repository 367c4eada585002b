// SPDX-License-Identifier: GPL-2.0-only
#include "server/real_time_share.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

using namespace std::chrono_literals;

constexpr Time most_at_once = RealTimeShare::most_debt / RealTimeShare::part;

TEST(RealTimeShare, EndsAtItsLimit)
{
    RealTimeShare share;
    const Time now = 1h;
    EXPECT_EQ(share.charge(now, most_at_once - 1ns), std::nullopt);
    EXPECT_EQ(share.charge(now, 0ns), std::nullopt);
    EXPECT_EQ(share.charge(now, 1ns), now + RealTimeShare::most_debt);
}

// At once, or in many pieces, with the pauses that pay for them or a little less.
TEST(RealTimeShare, IsAPartOfAProcessor)
{
    for (const Time piece : { Time(10us), Time(1ms), Time(60ms) }) {
        RealTimeShare share;
        Time now = 1h;
        for (unsigned count = 0; count < 1000; ++count)
            ASSERT_EQ(share.charge(now += RealTimeShare::part * piece, piece), std::nullopt)
                << piece.count();
        int taken = 0;
        while (!share.charge(now += RealTimeShare::part * piece - 10us, piece))
            ++taken;
        EXPECT_EQ(taken, (RealTimeShare::most_debt - RealTimeShare::part * piece) / 10us - 1)
            << piece.count();
    }
}

// What waits longer has not saved up more.
TEST(RealTimeShare, SavesUpNoMoreThanIsTakenAtOnce)
{
    for (const Time pause : { Time(500ms), Time(1h), Time(1'000'000h) }) {
        RealTimeShare share;
        EXPECT_EQ(share.charge(0ns, most_at_once - 1ns), std::nullopt);
        EXPECT_EQ(share.charge(pause, most_at_once - 1ns), std::nullopt);
        EXPECT_NE(share.charge(pause, 1ns), std::nullopt);
    }
    RealTimeShare fresh;
    EXPECT_NE(fresh.charge(1h, most_at_once), std::nullopt);
}

// Not at each wake-up from one to the other and back.
TEST(RealTimeShare, IsBackWhenAllIsPaidOff)
{
    RealTimeShare share;
    const Time now = 1h;
    const Time back = now + RealTimeShare::most_debt;
    EXPECT_EQ(share.charge(now, most_at_once), back);
    EXPECT_EQ(share.charge(now + 1ms, 0ns), back);
    EXPECT_EQ(share.charge(back - 1ns, 0ns), back);
    // What it takes until then counts, and what it takes from then on ends nothing.
    const Time paid = back + RealTimeShare::part * 1ms;
    EXPECT_EQ(share.charge(back - 1ns, 1ms), paid);
    EXPECT_EQ(share.charge(back, 0ns), paid);
    EXPECT_EQ(share.charge(paid, 1ms), std::nullopt);
    EXPECT_EQ(share.charge(paid, most_at_once - 1ms), paid + RealTimeShare::most_debt);
}

// However long it has gone on, and however much was taken between two looks.
TEST(RealTimeShare, IsBackSoonAfterAFlood)
{
    RealTimeShare share;
    Time now = 1h;
    EXPECT_NE(share.charge(now, most_at_once), std::nullopt);
    for (unsigned count = 0; count < 10'000; ++count) {
        now += 1ms;
        ASSERT_EQ(share.charge(now, 1ms), now + RealTimeShare::most_debt);
    }
    for (const Time taken : { Time(1h), Time::max() }) {
        EXPECT_EQ(share.charge(now, taken), now + RealTimeShare::most_debt);
        EXPECT_EQ(share.charge(now += RealTimeShare::most_debt, 0ns), std::nullopt);
    }
}

// Threads read the clock and then wait for each other.
TEST(RealTimeShare, CountsNoTimeTwice)
{
    RealTimeShare share;
    const Time now = 1h;
    EXPECT_EQ(share.charge(now, most_at_once), now + RealTimeShare::most_debt);
    EXPECT_EQ(share.charge(now + 100ms, 0ns), now + RealTimeShare::most_debt);
    EXPECT_EQ(share.charge(now + 99ms, 0ns), now + RealTimeShare::most_debt);
    EXPECT_EQ(share.charge(0ns, 0ns), now + RealTimeShare::most_debt);
    EXPECT_EQ(share.charge(now + 100ms, 0ns), now + RealTimeShare::most_debt);
    EXPECT_EQ(share.charge(now + RealTimeShare::most_debt, 0ns), std::nullopt);
}

// One that takes little waits for the others of its guest.
TEST(RealTimeShare, IsOfAllStreamsOfAGuest)
{
    RealTimeShare share;
    Time now = 1h;
    unsigned taken = 0;
    // Eight threads, each of which takes a twentieth.
    while (!share.charge(now += 20ms / 8, 1ms))
        ++taken;
    EXPECT_LT(taken, 200U);
    EXPECT_NE(share.charge(now, 0ns), std::nullopt);
}

} // namespace
} // namespace sndback

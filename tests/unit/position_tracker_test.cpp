// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/position_tracker.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xen_front::test {

namespace {

constexpr uint64_t endless = ~uint64_t { 0 };

class PositionTrackerTest : public ::testing::Test {
  protected:
    PositionTrackerTest()
    {
        tracker.reset(Frames(100), Frames(400));
    }

    Progress report(uint64_t position, uint64_t limit = endless)
    {
        return tracker.report(Frames(position), Frames(limit));
    }
    // Shows ALSA all there is. How often it had to be told that a period elapsed.
    int show_all()
    {
        int periods = 0;
        while (tracker.has_more())
            periods += tracker.show_next() ? 1 : 0;
        return periods;
    }

    PositionTracker tracker;
};

TEST_F(PositionTrackerTest, StartsAtZero)
{
    EXPECT_EQ(tracker.hardware().value(), 0u);
    EXPECT_EQ(tracker.shown_in_buffer(), 0u);
    EXPECT_FALSE(tracker.has_more());
    EXPECT_EQ(report(0), Progress::None);
}

TEST_F(PositionTrackerTest, PositionOnABoundaryElapsesThePeriod)
{
    EXPECT_EQ(report(100), Progress::Advanced);
    EXPECT_EQ(show_all(), 1);
    EXPECT_EQ(tracker.shown_in_buffer(), 100u);
}

TEST_F(PositionTrackerTest, PositionInsideAPeriodElapsesNone)
{
    EXPECT_EQ(report(99), Progress::Advanced);
    EXPECT_EQ(show_all(), 0);
    EXPECT_EQ(tracker.shown_in_buffer(), 99u);
    EXPECT_EQ(report(101), Progress::Advanced);
    EXPECT_EQ(show_all(), 1);
}

TEST_F(PositionTrackerTest, SeveralPeriodsAtOnceAreToldOnce)
{
    EXPECT_EQ(report(350), Progress::Advanced);
    EXPECT_EQ(show_all(), 1);
    EXPECT_EQ(tracker.shown_in_buffer(), 350u);
}

// ALSA sees positions modulo the buffer: a step of a whole one would look like none.
TEST_F(PositionTrackerTest, WholeBufferIsShownInTwoSteps)
{
    EXPECT_EQ(report(400), Progress::Advanced);
    EXPECT_TRUE(tracker.show_next());
    EXPECT_EQ(tracker.shown_in_buffer(), 399u);
    EXPECT_TRUE(tracker.has_more());
    EXPECT_TRUE(tracker.show_next());
    EXPECT_EQ(tracker.shown_in_buffer(), 0u);
    EXPECT_FALSE(tracker.has_more());
}

TEST_F(PositionTrackerTest, EveryStepIsOneThatAlsaCanSee)
{
    EXPECT_EQ(report(5000), Progress::Advanced);
    uint64_t before = 0;
    while (tracker.has_more()) {
        tracker.show_next();
        const uint64_t step = tracker.shown().value() - before;
        EXPECT_GT(step, 0u);
        EXPECT_LT(step, 400u);
        before = tracker.shown().value();
    }
    EXPECT_EQ(before, 5000u);
}

TEST_F(PositionTrackerTest, WrapsRoundTheBuffer)
{
    for (uint64_t position = 100; position <= 4000; position += 100) {
        EXPECT_EQ(report(position), Progress::Advanced);
        EXPECT_EQ(show_all(), 1);
        EXPECT_EQ(tracker.shown_in_buffer(), position % 400);
    }
}

TEST_F(PositionTrackerTest, SamePositionAgainIsNothing)
{
    report(150);
    show_all();
    EXPECT_EQ(report(150), Progress::None);
    EXPECT_EQ(show_all(), 0);
}

TEST_F(PositionTrackerTest, BackwardsIsIgnored)
{
    report(150);
    show_all();
    EXPECT_EQ(report(149), Progress::None);
    EXPECT_EQ(report(0), Progress::None);
    EXPECT_EQ(tracker.hardware().value(), 150u);
    EXPECT_EQ(report(200), Progress::Advanced);
    EXPECT_EQ(show_all(), 1);
}

TEST_F(PositionTrackerTest, ReachingTheLimitIsNoXrun)
{
    EXPECT_EQ(report(300, 300), Progress::Advanced);
    EXPECT_EQ(tracker.hardware().value(), 300u);
}

TEST_F(PositionTrackerTest, OvertakingTheLimitIsAnXrun)
{
    EXPECT_EQ(report(301, 300), Progress::Xrun);
    EXPECT_EQ(tracker.hardware().value(), 300u);
    EXPECT_EQ(report(endless, 300), Progress::Xrun);
    EXPECT_EQ(tracker.hardware().value(), 300u);
}

TEST_F(PositionTrackerTest, LimitBehindThePositionLeavesIt)
{
    report(300, 300);
    EXPECT_EQ(report(350, 200), Progress::Xrun);
    EXPECT_EQ(tracker.hardware().value(), 300u);
}

TEST_F(PositionTrackerTest, CountsOver32Bits)
{
    const uint64_t start = (uint64_t { 1 } << 32) - 150;
    report(start);
    show_all();
    EXPECT_EQ(report(start + 300), Progress::Advanced);
    EXPECT_EQ(tracker.hardware().value(), start + 300);
    EXPECT_EQ(show_all(), 1);
    EXPECT_EQ(tracker.shown_in_buffer(), (start + 300) % 400);
}

TEST_F(PositionTrackerTest, PeriodThatDoesNotDivideTheBuffer)
{
    tracker.reset(Frames(300), Frames(1000));
    int periods = 0;
    for (uint64_t position = 50; position <= 30000; position += 50) {
        report(position);
        periods += show_all();
    }
    EXPECT_EQ(periods, 100);
}

TEST_F(PositionTrackerTest, ResetForgetsEverything)
{
    report(250);
    report(10);
    tracker.reset(Frames(100), Frames(400));
    EXPECT_EQ(tracker.hardware().value(), 0u);
    EXPECT_FALSE(tracker.has_more());
    EXPECT_EQ(report(100), Progress::Advanced);
}

} // namespace

} // namespace xen_front::test

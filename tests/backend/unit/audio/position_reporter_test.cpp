// SPDX-License-Identifier: GPL-2.0-only
#include "audio/position_reporter.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

using namespace std::chrono_literals;

TEST(PositionReporter, ReportsWhenHardwareCrossesABoundary)
{
    const StreamFormat format { find_format("s16_le"), 48000, 2 };
    PositionReporter reporter({ format, 4 * 4096, 4 * 480, {} });
    reporter.start(0s, 0);
    EXPECT_FALSE(reporter.report(0s, 479, false));
    EXPECT_EQ(*reporter.report(0s, 485, false), 485 * 4U);
    EXPECT_EQ(reporter.next_boundary(), 960U);
    EXPECT_FALSE(reporter.report(0s, 950, false));
    EXPECT_EQ(*reporter.report(0s, 950, true), 950 * 4U);
    EXPECT_FALSE(reporter.report(0s, 950, true));
    reporter.stop();
    EXPECT_FALSE(reporter.report(0s, 9999, false));
}

TEST(PositionReporter, LooksAgainWhenTheInterruptDoesNotCome)
{
    const StreamFormat format { find_format("s16_le"), 48000, 2 };
    PositionReporter reporter({ format, 4 * 4096, 4 * 480, {} });
    reporter.start(1s, 0);
    EXPECT_EQ(reporter.deadline(), 1s + 10ms + 1250us);
    // An interrupt just before the boundary.
    EXPECT_FALSE(reporter.report(1s + 10ms, 432, false));
    EXPECT_EQ(reporter.deadline(), 1s + 11ms + 1250us);
    EXPECT_TRUE(reporter.report(1s + 12ms, 480, false));
    EXPECT_EQ(reporter.deadline(), 1s + 22ms + 1250us);
    reporter.stop();
    EXPECT_FALSE(reporter.deadline());
}

// Before its next boundary; where only boundaries are reported, nothing is to be seen there.
TEST(PositionReporter, LooksAtTheEndOfASound)
{
    const StreamFormat format { find_format("s16_le"), 48000, 2 };
    PositionReporter any({ format, 4 * 4096, 4 * 480, {} });
    any.start(1s, 0);
    EXPECT_EQ(any.deadline(240), 1s + 5ms + 1250us);
    EXPECT_EQ(any.deadline(960), 1s + 10ms + 1250us);
    PositionReporter whole({ format, 4 * 4096, 4 * 480, { PositionPolicy::Kind::period, {} } });
    whole.start(1s, 0);
    EXPECT_EQ(whole.deadline(240), 1s + 10ms + 1250us);
}

TEST(PositionReporter, RoundsDownToWholePeriods)
{
    const StreamFormat format { find_format("u8"), 8000, 1 };
    PositionReporter reporter({ format, 1000, 100, { PositionPolicy::Kind::period, {} } });
    reporter.start(0s, 0);
    EXPECT_EQ(*reporter.report(0s, 257, false), 200U);
    EXPECT_FALSE(reporter.report(0s, 299, true));
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "audio/progress.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

using namespace std::chrono_literals;

TEST(Progress, TicksOnBoundariesOfTheRun)
{
    Progress progress(48000, 480, {});
    progress.start(0s, 100);
    EXPECT_EQ(*progress.next_tick(), 10ms);
    EXPECT_FALSE(progress.take_tick(10ms - 1ns));
    EXPECT_EQ(*progress.take_tick(10ms), 580U);
    EXPECT_EQ(*progress.next_tick(), 20ms);
    EXPECT_EQ(*progress.take_tick(45ms), 100 + 4 * 480U);
    EXPECT_EQ(*progress.next_tick(), 50ms);
    progress.pause(47ms);
    EXPECT_FALSE(progress.next_tick());
    progress.resume(147ms);
    EXPECT_EQ(*progress.next_tick(), 150ms);
}

TEST(Progress, TimerTicksAreUnrelatedToPeriods)
{
    Progress progress(48000, 480, { PositionPolicy::Kind::timer, 7ms });
    progress.start(0s, 0);
    EXPECT_EQ(*progress.take_tick(7ms), 336U);
    EXPECT_EQ(*progress.next_tick(), 14ms);
    EXPECT_EQ(*progress.take_tick(30ms), 1440U);
    EXPECT_EQ(*progress.next_tick(), 35ms);
}

} // namespace
} // namespace sndback

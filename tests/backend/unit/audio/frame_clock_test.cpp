// SPDX-License-Identifier: GPL-2.0-only
#include "audio/frame_clock.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

using namespace std::chrono_literals;

TEST(FrameClock, DoesNotDrift)
{
    FrameClock clock(44100);
    clock.start(5s, 0);
    // A day later to the frame.
    EXPECT_EQ(clock.frames(5s + 24h), 44100ULL * 86400);
    EXPECT_EQ(clock.frames(5s + 24h - 1ns), 44100ULL * 86400 - 1);
    for (std::uint64_t frame = 1; frame < 100'000; frame += 7) {
        const Time time = *clock.time_of(frame);
        ASSERT_EQ(clock.frames(time), frame);
        ASSERT_EQ(clock.frames(time - 1ns), frame - 1);
    }
}

TEST(FrameClock, PauseKeepsPartsOfAFrame)
{
    FrameClock clock(1000);
    clock.start(0s, 10);
    clock.pause(1500us);
    EXPECT_EQ(clock.frames(10s), 11U);
    EXPECT_FALSE(clock.time_of(12));
    clock.resume(20s);
    EXPECT_EQ(*clock.time_of(12), 20s + 500us);
    clock.stop(11);
    EXPECT_EQ(clock.frames(100s), 11U);
}

TEST(FrameClock, SurvivesFrameCountsBeyond32Bits)
{
    FrameClock clock(384000);
    clock.start(0s, std::uint64_t { 1 } << 40);
    EXPECT_EQ(clock.frames(1s), (std::uint64_t { 1 } << 40) + 384000);
}

} // namespace
} // namespace sndback

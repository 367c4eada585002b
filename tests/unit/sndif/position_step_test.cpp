// SPDX-License-Identifier: GPL-2.0-only
// How often a backend is asked to report.
#include <cstdint>

#include <gtest/gtest.h>

#include "sndif/position_step.hpp"

namespace xen_front::test {

namespace {

TEST(PositionStepTest, IsTheShortestPartThatIsLongEnough)
{
    const FrameSize frame(32);
    for (uint64_t period = 1; period <= 3000; period++) {
        for (const uint64_t least : { 1, 7, 48, 240, 256, 5000 }) {
            const uint64_t step = position_step(frame, Frames(period), Frames(least)).value();
            ASSERT_EQ(period % step, 0u) << period << " " << least;
            ASSERT_TRUE(step >= least || step == period) << period << " " << least;
            for (uint64_t shorter = least; shorter < step; shorter++)
                ASSERT_NE(period % shorter, 0u) << period << " " << least << " " << step;
        }
    }
}

TEST(PositionStepTest, IsWholeBytes)
{
    const FrameSize frame(4); // one channel of four bits
    EXPECT_EQ(position_step(frame, Frames(270), Frames(10)).value(), 10u);
    EXPECT_EQ(position_step(frame, Frames(270), Frames(27)).value(), 30u);
    EXPECT_EQ(position_step(frame, Frames(90), Frames(40)).value(), 90u);
    EXPECT_EQ(position_step(frame, Frames(90), Frames(0)).value(), 2u);
}

} // namespace

} // namespace xen_front::test

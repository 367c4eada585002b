// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "driver/rate_limit.hpp"
#include "fake/kernel.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;

class RateLimitTest : public ::testing::Test {
  protected:
    unsigned int allowed()
    {
        unsigned int count = 0;
        while (limit.allow())
            count++;
        return count;
    }

    fake::Kernel kernel;
    RateLimit limit { 8, 1000 };
};

TEST_F(RateLimitTest, SoManyInAnInterval)
{
    EXPECT_EQ(allowed(), 8u);
    kernel.timeline.pass(999ms);
    EXPECT_EQ(allowed(), 0u);
    kernel.timeline.pass(2ms);
    EXPECT_EQ(allowed(), 8u);
}

TEST_F(RateLimitTest, WhatIsLeftOfOneIntervalIsNotLost)
{
    EXPECT_TRUE(limit.allow());
    kernel.timeline.pass(1h);
    EXPECT_EQ(allowed(), 7u + 8u);
}

TEST_F(RateLimitTest, AnotherLimitBeginsAtOnce)
{
    for (const uint32_t burst : { 100u, 20u }) {
        limit.set_burst(burst);
        EXPECT_EQ(allowed(), burst);
        kernel.timeline.pass(999ms);
        EXPECT_EQ(allowed(), 0u);
    }
}

// An endless series of xruns prepares the same stream again and again.
TEST_F(RateLimitTest, TheSameLimitGoesOn)
{
    EXPECT_EQ(allowed(), 8u);
    limit.set_burst(8);
    EXPECT_EQ(allowed(), 0u);
}

} // namespace

} // namespace xen_front::test

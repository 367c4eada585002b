// SPDX-License-Identifier: GPL-2.0-only
#include "server/token_bucket.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

TEST(TokenBucket, GivesItsRateAndNoMore)
{
    using namespace std::chrono_literals;
    TokenBucket bucket(10, 5);
    const Time start = 1h;
    unsigned taken = 0;
    while (bucket.take(start))
        ++taken;
    EXPECT_EQ(taken, 5U);
    EXPECT_EQ(bucket.next(start), start + 100ms);
    EXPECT_FALSE(bucket.take(start + 99ms));
    EXPECT_TRUE(bucket.take(start + 100ms));
    // What it saves up is no more than the burst.
    for (taken = 0; bucket.take(start + 1h);)
        ++taken;
    EXPECT_EQ(taken, 5U);
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/backoff.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesUpToTheLongestAndStartsOverAfterASuccess)
{
    Backoff backoff(2s, 15s);
    for (const std::chrono::seconds pause : { 2s, 4s, 8s, 15s, 15s })
        EXPECT_EQ(backoff.fail(), pause);
    backoff.succeed();
    EXPECT_EQ(backoff.fail(), 2s);
    EXPECT_EQ(backoff.fail(), 4s);
}

} // namespace
} // namespace sndback

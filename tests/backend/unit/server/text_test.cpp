// SPDX-License-Identifier: GPL-2.0-only
#include "server/text.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

TEST(Text, TrimTakesBlanksFromBothEndsAndNowhereElse)
{
    EXPECT_EQ(trim("  a b\t", " \t"), "a b");
    EXPECT_EQ(trim("a", " \t"), "a");
    EXPECT_EQ(trim(" \t ", " \t"), "");
    EXPECT_EQ(trim("", " \t"), "");
    EXPECT_EQ(trim("\ta", " "), "\ta");
}

} // namespace
} // namespace sndback

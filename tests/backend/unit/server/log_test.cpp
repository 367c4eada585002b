// SPDX-License-Identifier: GPL-2.0-only
#include "server/log.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

TEST(Log, NothingInALineMovesTheCursor)
{
    EXPECT_EQ(printable("a\nb\x1b[2J\xff"), "a\\x0ab\\x1b[2J\\xff");
    EXPECT_LT(printable(std::string(5000, 'x')).size(), 700U);
}

} // namespace
} // namespace sndback

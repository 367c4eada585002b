// SPDX-License-Identifier: GPL-2.0-only
#include "base/checked.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/types.hpp"

namespace xen_front::test {
namespace {

TEST(RoundUp, GoesToTheNextMultiple)
{
    EXPECT_EQ(round_up(0, 4096), 0u);
    EXPECT_EQ(round_up(1, 4096), 4096u);
    EXPECT_EQ(round_up(4096, 4096), 4096u);
    EXPECT_EQ(round_up(4097, 4096), 8192u);
    EXPECT_EQ(round_up(10, 3), 12u);
}

TEST(ParseDecimal, TakesDigitsOnly)
{
    EXPECT_EQ(parse_decimal("0").value(), 0u);
    EXPECT_EQ(parse_decimal("007").value(), 7u);
    EXPECT_EQ(parse_decimal("44100").value(), 44100u);
    for (const char *text : { "", " ", "1 ", " 1", "+1", "-1", "1.0", "1e3", "0x10", "abc", "12a" })
        EXPECT_EQ(parse_decimal(text).error(), Error::Invalid) << '"' << text << '"';
    EXPECT_EQ(parse_decimal(StringView("1\0", 2)).error(), Error::Invalid);
}

TEST(ParseDecimal, KnowsItsRange)
{
    EXPECT_EQ(parse_decimal("4294967295").value(), UINT32_MAX);
    EXPECT_EQ(parse_decimal("4294967296").error(), Error::Range);
    EXPECT_EQ(parse_decimal("18446744073709551617").error(), Error::Range);
    EXPECT_EQ(parse_decimal("99999999999999999999999999").error(), Error::Range);
    EXPECT_EQ(parse_decimal("00000000000000000000000000000001").value(), 1u);
}

TEST(Types, ExchangeGivesBackTheOldValue)
{
    int number = 1;
    EXPECT_EQ(xen_front::exchange(number, 2), 1);
    EXPECT_EQ(number, 2);
    EXPECT_EQ(xen_front::min(1, 2), 1);
    EXPECT_EQ(xen_front::max(1, 2), 2);
}

} // namespace
} // namespace xen_front::test

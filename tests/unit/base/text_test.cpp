// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <string>

namespace xen_front::test {
namespace {

TEST(Text, StartsEmpty)
{
    const Text<8> text;
    EXPECT_TRUE(text.is_empty());
    EXPECT_STREQ(text.c_string(), "");
    EXPECT_EQ(text.view().size(), 0u);
}

TEST(Text, TakesStringsAndNumbers)
{
    Text<80> text;
    text << "a" << StringView("bcd", 2) << " " << uint32_t { 7 } << " " << -12 << " "
         << uint64_t { ULLONG_MAX };
    EXPECT_STREQ(text.c_string(), "abc 7 -12 18446744073709551615");
}

TEST(Text, WritesTheExtremesOfInt)
{
    Text<40> text;
    text << 0 << " " << INT_MIN << " " << INT_MAX;
    EXPECT_STREQ(text.c_string(), "0 -2147483648 2147483647");
}

TEST(Text, IsCutWhenItIsFull)
{
    Text<4> text;
    text << "ab";
    EXPECT_STREQ(text.c_string(), "ab");
    text << "cdef";
    EXPECT_STREQ(text.c_string(), "abc");
    text << 12345 << "x";
    EXPECT_STREQ(text.c_string(), "abc");
    EXPECT_EQ(text.view().size(), 3u);
}

TEST(Text, OfOneByteHoldsNothing)
{
    Text<1> text;
    text << "a" << 5;
    EXPECT_STREQ(text.c_string(), "");
}

TEST(Text, CutsANumberFromTheRight)
{
    Text<4> text;
    text << uint32_t { 98765 };
    EXPECT_STREQ(text.c_string(), "987");
}

TEST(Text, CanBeClearedAndUsedAgain)
{
    Text<4> text;
    text << "abcdef";
    text.clear();
    EXPECT_TRUE(text.is_empty());
    EXPECT_STREQ(text.c_string(), "");
    text << "xy";
    EXPECT_STREQ(text.c_string(), "xy");
}

TEST(Text, ReplacesWhatIsNotPrintable)
{
    Text<80> text;
    text.append_untrusted(StringView("a\0b\n\x1b[1m\x7f\x80\xff ~", 13), 80);
    EXPECT_EQ(std::string(text.c_string()), "a?b??[1m??? ~");
}

TEST(Text, ShowsUntrustedTextUpToALimit)
{
    Text<80> text;
    text.append_untrusted("12345", 5) << "|";
    text.append_untrusted("123456", 5) << "|";
    text.append_untrusted("", 5) << "|";
    text.append_untrusted("1", 0);
    EXPECT_STREQ(text.c_string(), "12345|12345...||...");
}

TEST(Text, CutsUntrustedTextWhenItIsFull)
{
    Text<6> text;
    text.append_untrusted("\n2345678", 100);
    EXPECT_STREQ(text.c_string(), "?2345");
}

} // namespace
} // namespace xen_front::test

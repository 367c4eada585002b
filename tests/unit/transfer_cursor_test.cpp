// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/transfer_cursor.hpp"

#include <gtest/gtest.h>

namespace xen_front::test {

namespace {

class TransferCursorTest : public ::testing::Test {
  protected:
    TransferCursorTest()
    {
        cursor.reset(Bytes(1000));
    }
    bool next(uint64_t target)
    {
        return cursor.next(Bytes(target), range);
    }

    TransferCursor cursor;
    TransferRange range = {};
};

TEST_F(TransferCursorTest, NothingToSendAtFirst)
{
    EXPECT_FALSE(next(0));
    EXPECT_EQ(cursor.sent().value(), 0u);
}

TEST_F(TransferCursorTest, OneRangeInsideTheBuffer)
{
    ASSERT_TRUE(next(300));
    EXPECT_EQ(range.offset, 0u);
    EXPECT_EQ(range.length, 300u);
    EXPECT_FALSE(next(300));
    ASSERT_TRUE(next(301));
    EXPECT_EQ(range.offset, 300u);
    EXPECT_EQ(range.length, 1u);
}

TEST_F(TransferCursorTest, WrapTakesTwoRanges)
{
    ASSERT_TRUE(next(900));
    ASSERT_TRUE(next(1200));
    EXPECT_EQ(range.offset, 900u);
    EXPECT_EQ(range.length, 100u);
    ASSERT_TRUE(next(1200));
    EXPECT_EQ(range.offset, 0u);
    EXPECT_EQ(range.length, 200u);
    EXPECT_FALSE(next(1200));
}

TEST_F(TransferCursorTest, EndOfTheBufferIsNoWrap)
{
    ASSERT_TRUE(next(1000));
    EXPECT_EQ(range.length, 1000u);
    EXPECT_FALSE(next(1000));
    ASSERT_TRUE(next(1001));
    EXPECT_EQ(range.offset, 0u);
}

TEST_F(TransferCursorTest, TargetBehindIsNothing)
{
    ASSERT_TRUE(next(500));
    EXPECT_FALSE(next(499));
    EXPECT_EQ(cursor.sent().value(), 500u);
}

TEST_F(TransferCursorTest, CountsOver32Bits)
{
    const uint64_t end = (uint64_t { 1 } << 32) + 12345;
    cursor.reset(Bytes(uint64_t { 1 } << 30));
    uint64_t sum = 0;
    while (next(end)) {
        EXPECT_EQ(range.offset, sum % (uint64_t { 1 } << 30));
        sum += range.length;
    }
    EXPECT_EQ(sum, end);
    EXPECT_EQ(cursor.sent().value(), end);
}

TEST_F(TransferCursorTest, ResetStartsOver)
{
    next(700);
    cursor.reset(Bytes(200));
    ASSERT_TRUE(next(200));
    EXPECT_EQ(range.offset, 0u);
    EXPECT_EQ(range.length, 200u);
}

} // namespace

} // namespace xen_front::test

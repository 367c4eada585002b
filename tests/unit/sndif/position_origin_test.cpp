// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/position_origin.hpp"

#include <gtest/gtest.h>

namespace xen_front::test {

namespace {

constexpr uint64_t most = 4096;

class PositionOriginTest : public ::testing::Test {
  protected:
    PositionOriginTest()
    {
        meet_backend();
    }
    // The run has been somewhere else before.
    void meet_backend()
    {
        origin.meet_backend();
        open_again(1'000'000);
    }
    // What a report of @bytes is worth.
    uint64_t report(uint64_t bytes)
    {
        (void)origin.note(Bytes(bytes));
        if (!origin.is_known())
            origin.learn(Bytes(bytes), Bytes(most));
        return origin.since_open(Bytes(bytes)).value();
    }
    void open_again(uint64_t transferred)
    {
        origin.end_session(Bytes(transferred));
        origin.begin_session();
    }

    PositionOrigin origin;
};

TEST_F(PositionOriginTest, OfTheFirstSessionNothingIsTaken)
{
    EXPECT_EQ(report(1'000'000), 1'000'000u);
    EXPECT_EQ(report(100), 100u);
    EXPECT_EQ(report(~uint64_t { 0 }), ~uint64_t { 0 });
}

TEST_F(PositionOriginTest, ThatOfABackendThatBeginsAnewIsZero)
{
    for (int session = 0; session < 4; session++) {
        EXPECT_EQ(report(1024), 1024u);
        EXPECT_EQ(report(50'000), 50'000u);
        open_again(60'000);
    }
}

TEST_F(PositionOriginTest, ThatOfABackendThatGoesOnIsAllItWasGiven)
{
    EXPECT_EQ(report(1024), 1024u);
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(60'000);
    EXPECT_EQ(report(61'024), 1024u);
    EXPECT_EQ(report(62'048), 2048u);
    open_again(4096);
    // By now it is known to go on: what could be meant otherwise is not.
    EXPECT_EQ(report(64'096), 0u);
    EXPECT_EQ(report(64'196), 100u);
}

TEST_F(PositionOriginTest, OrWhatItHasPlayed)
{
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(60'000);
    EXPECT_EQ(report(51'024), 1024u);
}

TEST_F(PositionOriginTest, SessionsWithoutAReportCount)
{
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(60'000);
    open_again(1000);
    EXPECT_EQ(report(61'500), 500u);
}

TEST_F(PositionOriginTest, ABackendMayBeginAnewAfterAll)
{
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(60'000);
    EXPECT_EQ(report(61'024), 1024u);
    open_again(4096);
    EXPECT_EQ(report(1024), 1024u);
    open_again(4096);
    EXPECT_EQ(report(2048), 2048u);
}

TEST_F(PositionOriginTest, FromAbsurdPositionsNothingIsLearnt)
{
    EXPECT_EQ(report(~uint64_t { 0 }), ~uint64_t { 0 });
    for (int session = 0; session < 3; session++) {
        open_again(4096);
        EXPECT_EQ(report(~uint64_t { 0 }), ~uint64_t { 0 });
    }
    open_again(4096);
    EXPECT_EQ(report(1024), 1024u);
}

TEST_F(PositionOriginTest, AnotherBackendIsNotThisOne)
{
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(60'000);
    EXPECT_EQ(report(61'024), 1024u);
    meet_backend();
    EXPECT_EQ(report(61'024), 61'024u);
    open_again(70'000);
    EXPECT_EQ(report(71'024), 1024u);
}

TEST_F(PositionOriginTest, BackwardsIsNoted)
{
    EXPECT_FALSE(origin.note(Bytes(100)));
    EXPECT_FALSE(origin.note(Bytes(100)));
    EXPECT_TRUE(origin.note(Bytes(99)));
    open_again(1000);
    EXPECT_FALSE(origin.note(Bytes(50)));
}

} // namespace

} // namespace xen_front::test

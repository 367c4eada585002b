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
        Bytes reported(bytes);
        (void)origin.note(reported);
        if (origin.needs_learning())
            origin.learn(reported, Bytes(most));
        return origin.since_open(reported).value();
    }
    // The same of a backend that counts with 32 bits.
    uint64_t report_word(uint64_t bytes)
    {
        return report(bytes & 0xffffffff);
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

// It reports all the time, and its last report about a session comes behind the next one's START.
TEST_F(PositionOriginTest, AReportThatIsLateMisleadsForOneMore)
{
    EXPECT_EQ(report(4'000'000), 4'000'000u);
    EXPECT_EQ(report(4'997'120), 4'997'120u);
    for (int session = 0; session < 3; session++) {
        open_again(5'000'000);
        EXPECT_EQ(report(4'997'120), 0u);
        EXPECT_EQ(report(1024), 0u);
        EXPECT_EQ(report(2048), 2048u);
        EXPECT_EQ(report(4'997'120), 4'997'120u);
    }
}

TEST_F(PositionOriginTest, ReportsThatNobodyLearnsFromCount)
{
    EXPECT_EQ(report(4'997'120), 4'997'120u);
    open_again(5'000'000);
    EXPECT_EQ(report(4'997'120), 0u);
    for (uint64_t bytes = 1024; bytes <= 4096; bytes += 1024) {
        Bytes reported(bytes);
        (void)origin.note(reported);
    }
    EXPECT_EQ(report(5120), 5120u);
}

TEST_F(PositionOriginTest, OneReportBelowTheOriginChangesNothing)
{
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(60'000);
    EXPECT_EQ(report(61'024), 1024u);
    for (uint64_t bytes = 2048; bytes < 20'000; bytes += 1024) {
        EXPECT_EQ(report(100), 0u);
        EXPECT_EQ(report(60'000 + bytes), bytes);
    }
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
    const auto goes_back = [this](uint64_t bytes) {
        Bytes reported(bytes);
        return origin.note(reported);
    };
    EXPECT_FALSE(goes_back(100));
    EXPECT_FALSE(goes_back(100));
    EXPECT_TRUE(goes_back(99));
    open_again(1000);
    EXPECT_FALSE(goes_back(50));
}

// PipeWire's ring buffers count with 32 bits: 6.2 hours of 48 kHz, stereo.
TEST_F(PositionOriginTest, ACountOf32BitsMayWrapInASession)
{
    constexpr uint64_t step = 0x1000'0000;
    for (uint64_t bytes = 1024; bytes < 10 * (uint64_t { 1 } << 32); bytes += step)
        ASSERT_EQ(report_word(bytes), bytes);
}

TEST_F(PositionOriginTest, OrOverSessions)
{
    constexpr uint64_t session = 0x3000'0000;
    uint64_t before = 0;
    for (int number = 0; number < 40; number++) {
        for (uint64_t bytes = 1024; bytes < session; bytes += session / 3)
            ASSERT_EQ(report_word(before + bytes), bytes) << "session " << number;
        ASSERT_EQ(report_word(before + session), session) << "session " << number;
        before += session;
        open_again(session);
    }
}

TEST_F(PositionOriginTest, OrJustWhereASessionBegins)
{
    constexpr uint64_t half = uint64_t { 1 } << 31;
    EXPECT_EQ(report_word(half), half);
    open_again(half);
    EXPECT_EQ(report_word(half + 1024), 1024u);
    EXPECT_EQ(report_word(2 * half - 512), half - 512);
    open_again(half - 512);
    EXPECT_EQ(report_word(2 * half - 512 + 1024), 1024u);
    EXPECT_EQ(report_word(2 * half - 512 + 2048), 2048u);
}

TEST_F(PositionOriginTest, ABackendMayBeginAnewBehind32Bits)
{
    constexpr uint64_t end = (uint64_t { 1 } << 32) - 512;
    EXPECT_EQ(report(end), end);
    open_again(end);
    EXPECT_EQ(report(end + 8192), 8192u);
    open_again(8192);
    // By now it is known to go on, and what it says would be too far.
    EXPECT_EQ(report(4 * most), 4 * most);
    EXPECT_EQ(report(5 * most), 5 * most);
}

// One that begins anew, reports more than it can have moved, and has moved more than 4 GiB in all.
TEST_F(PositionOriginTest, ACountThatBeginsAnewIsNotTakenForOneOf32Bits)
{
    constexpr uint64_t session = 1 << 30;
    for (int number = 0; number < 20; number++) {
        EXPECT_EQ(report(1024), 1024u);
        EXPECT_EQ(report(session), session);
        open_again(session);
    }
    for (int number = 0; number < 3; number++) {
        EXPECT_EQ(report(4 * most), 4 * most);
        EXPECT_EQ(report(8 * most), 8 * most);
        open_again(8 * most);
    }
}

// What a capture stream has recorded and was not asked for may be dropped at CLOSE, or not.
TEST_F(PositionOriginTest, OfCaptureIsWhatWasAskedForOrRecorded)
{
    EXPECT_EQ(report(50'000), 50'000u);
    open_again(40'000);
    EXPECT_EQ(report(41'024), 1024u);
    open_again(1024);
    EXPECT_EQ(report(42'048), 1024u);
}

} // namespace

} // namespace xen_front::test

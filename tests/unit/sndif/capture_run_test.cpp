// SPDX-License-Identifier: GPL-2.0-only
// What the backend records, is asked for, and what of it is shown.
#include "capture_run_test.hpp"

namespace xen_front::test {

namespace {

TEST_F(CaptureRunTest, StartsAtZero)
{
    EXPECT_EQ(run.state(), RunState::Prepared);
    EXPECT_EQ(run.look_at_position(), 0u);
    EXPECT_FALSE(run.expects_position());
    start();
    EXPECT_TRUE(run.expects_position());
    EXPECT_EQ(send(), Ranges());
}

TEST_F(CaptureRunTest, WhatIsRecordedIsFetched)
{
    start();
    EXPECT_EQ(report(100), Move::Period);
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    EXPECT_TRUE(run.wants_responses());
    EXPECT_FALSE(run.is_elapsed());
    EXPECT_EQ(respond(0), TransferResult::Done);
    EXPECT_FALSE(run.wants_responses());
    EXPECT_EQ(position(), 100u);
    EXPECT_TRUE(run.take_elapsed());
}

TEST_F(CaptureRunTest, BackwardsAndTheSameAreNoNews)
{
    start();
    EXPECT_EQ(report(100), Move::Period);
    EXPECT_EQ(report(100), Move::None);
    EXPECT_EQ(report(99), Move::None);
    EXPECT_EQ(report(0), Move::None);
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
}

// The position is not held up by the READs behind it.
TEST_F(CaptureRunTest, ReadsThatTakeLongerThanAPeriod)
{
    start();
    report(100);
    send();
    report(200);
    send();
    respond(0);
    EXPECT_EQ(position(), 100u);
    EXPECT_TRUE(run.take_elapsed());
    report(300);
    send();
    respond(1);
    EXPECT_EQ(position(), 200u);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_EQ(run.in_flight(), 1u);
}

TEST_F(CaptureRunTest, PositionIsTheAnsweredPrefix)
{
    start();
    for (uint64_t recorded = 50; recorded <= 200; recorded += 50) {
        report(recorded);
        send();
    }
    respond(1);
    respond(3);
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(run.in_flight(), 4u);
    respond(0);
    EXPECT_EQ(position(), 100u);
    respond(2);
    EXPECT_EQ(position(), 200u);
    EXPECT_EQ(run.in_flight(), 0u);
}

TEST_F(CaptureRunTest, WhatWaitsForTheWindowIsFetchedAsOne)
{
    start();
    for (uint64_t recorded = 10; recorded <= 60; recorded += 10) {
        report(recorded);
        send();
    }
    EXPECT_EQ(run.in_flight(), 4u);
    respond(0);
    EXPECT_EQ(send(), Ranges({ { 40, 20 } }));
}

TEST_F(CaptureRunTest, RefusedReadMovesNothing)
{
    start();
    report(100);
    send();
    EXPECT_EQ(respond(0, -5), TransferResult::Refused);
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(respond(0), TransferResult::Foreign);
}

TEST_F(CaptureRunTest, RangeThatWasNotSentIsGivenAgain)
{
    start();
    report(100);
    TransferRange range = {};
    ASSERT_TRUE(run.next_transfer(range));
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
}

// ---- room in the buffer ----

TEST_F(CaptureRunTest, NothingUnreadIsOverwritten)
{
    start();
    record(endless);
    EXPECT_EQ(position(), 400u);
    EXPECT_EQ(report(endless), Move::None);
    EXPECT_TRUE(leave(150));
    EXPECT_EQ(run.committed().value(), 250u);
    EXPECT_EQ(send(), Ranges({ { 0, 250 } }));
}

// The application, or the guest, has stood still for long.
TEST_F(CaptureRunTest, WhatNoBackendHasKeptIsNotAskedFor)
{
    run.set_unstoppable(true);
    start();
    record(100);
    show_all();
    leave(0);
    record(500);
    for (uint64_t recorded = 600; recorded <= 2000; recorded += 100)
        report(recorded);
    // A whole buffer, which the backend may have kept, and then what it records.
    show_all();
    leave(0);
    EXPECT_EQ(send(), Ranges({ { 100, 300 }, { 0, 100 } }));
    respond_to_all();
    show_all();
    leave(0);
    EXPECT_EQ(send(), Ranges());
    report(2100);
    EXPECT_EQ(send(), Ranges({ { 100, 100 } }));
}

TEST_F(CaptureRunTest, WrapTakesTwoRanges)
{
    start();
    record(300);
    leave(0);
    report(500);
    EXPECT_EQ(send(), Ranges({ { 300, 100 }, { 0, 100 } }));
}

TEST_F(CaptureRunTest, WholeBufferIsShownInTwoSteps)
{
    start();
    record(400);
    EXPECT_EQ(run.look_at_position(), 399u);
    EXPECT_TRUE(run.shown() < run.position());
    EXPECT_EQ(run.look_at_position(), 0u);
    EXPECT_FALSE(run.shown() < run.position());
}

TEST_F(CaptureRunTest, OnlyWhatWasShownCanBeRead)
{
    start();
    record(300);
    EXPECT_FALSE(commit(1));
    run.look_at_position();
    EXPECT_TRUE(commit(300));
    EXPECT_FALSE(commit(301));
    EXPECT_FALSE(run.commit(-1)); // the application is ahead
    EXPECT_TRUE(commit(100));
    EXPECT_EQ(run.committed().value(), 200u);
}

// The buffer may be full in the middle of a period: no further period ends then.
TEST_F(CaptureRunTest, FullBufferLetsAlsaDecide)
{
    start();
    record(100);
    leave(50);
    record(400);
    EXPECT_TRUE(run.take_elapsed());
    record(500);
    EXPECT_EQ(position(), 450u);
    EXPECT_TRUE(run.take_elapsed());
}

TEST_F(CaptureRunTest, PointerOfAStreamThatIsNotPreparedMayMove)
{
    CaptureRun idle;
    EXPECT_TRUE(idle.commit(1000));
    EXPECT_EQ(idle.committed().value(), 0u);
}

// ---- states ----

TEST_F(CaptureRunTest, NothingIsFetchedWhilePaused)
{
    start();
    record(100);
    run.apply(RunCommand::Pause);
    EXPECT_EQ(report(150), Move::InPeriod);
    EXPECT_EQ(send(), Ranges());
    EXPECT_FALSE(run.expects_position());
    run.apply(RunCommand::Resume);
    EXPECT_EQ(send(), Ranges({ { 100, 50 } }));
}

TEST_F(CaptureRunTest, ReadAnsweredWhilePausedIsKept)
{
    start();
    report(100);
    send();
    run.apply(RunCommand::Pause);
    respond(0);
    EXPECT_EQ(position(), 100u);
    run.apply(RunCommand::Resume);
    EXPECT_TRUE(run.take_elapsed());
}

TEST_F(CaptureRunTest, NothingIsFetchedOnceItEnded)
{
    for (const RunCommand command : { RunCommand::Stop, RunCommand::Fail, RunCommand::Reset }) {
        prepare(100, 400);
        start();
        report(100);
        run.apply(command);
        EXPECT_EQ(send(), Ranges());
        EXPECT_FALSE(run.expects_position());
    }
}

TEST_F(CaptureRunTest, PrepareForgetsEverything)
{
    start();
    record(250);
    leave(10);
    report(300);
    send();
    const auto last = static_cast<uint16_t>(next_id - 1);
    prepare(100, 200);
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(shown(), 0u);
    EXPECT_EQ(run.committed().value(), 0u);
    EXPECT_FALSE(run.is_elapsed());
    EXPECT_EQ(respond(last), TransferResult::Foreign);
    start();
    EXPECT_EQ(send(), Ranges());
    report(endless);
    EXPECT_EQ(send(), Ranges({ { 0, 200 } }));
}

// ---- sessions ----

TEST_F(CaptureRunTest, NewSessionGoesOnBehindWhatIsInTheBuffer)
{
    start();
    record(150);
    report(250);
    send(); // is not answered any more
    const auto lost = static_cast<uint16_t>(next_id - 1);
    run.begin_session();
    EXPECT_EQ(position(), 150u);
    EXPECT_EQ(run.in_flight(), 0u);
    EXPECT_EQ(send(), Ranges());
    EXPECT_EQ(respond(lost), TransferResult::Foreign);
    EXPECT_EQ(position(), 150u);
    report(60);
    EXPECT_EQ(send(), Ranges({ { 150, 60 } }));
    respond_to_all();
    EXPECT_EQ(position(), 210u);
}

TEST_F(CaptureRunTest, NewSessionOverwritesNothingUnread)
{
    start();
    record(300);
    leave(300);
    run.begin_session();
    record(endless);
    EXPECT_EQ(position(), 400u);
}

// What had no room was lost to the backend before; the next one counts from its own OPEN.
TEST_F(CaptureRunTest, NewSessionHasLostNothing)
{
    start();
    record(2000);
    ASSERT_EQ(position(), 400u);
    run.begin_session();
    ASSERT_TRUE(leave(0));
    record(250);
    EXPECT_EQ(position(), 650u);
}

TEST_F(CaptureRunTest, NewSessionBeforeTheStartAndWhilePaused)
{
    run.begin_session();
    start();
    record(100);
    run.apply(RunCommand::Pause);
    run.begin_session();
    EXPECT_EQ(position(), 100u);
    run.apply(RunCommand::Resume);
    record(50);
    EXPECT_EQ(position(), 150u);
}

// ---- free-wheeling ----

TEST_F(CaptureRunTest, FreeWheelingTheBufferIsOverwritten)
{
    run.set_unstoppable(true);
    start();
    for (uint64_t recorded = 100; recorded <= 1000; recorded += 100) {
        record(recorded);
        EXPECT_EQ(position(), recorded);
        EXPECT_TRUE(run.take_elapsed());
        show_all();
    }
    report(endless);
    EXPECT_EQ(send(), Ranges({ { 200, 200 }, { 0, 200 } })); // a round, and no more
}

TEST_F(CaptureRunTest, FreeWheelingTheApplicationMayBeFarBehind)
{
    run.set_unstoppable(true);
    start();
    for (uint64_t recorded = 100; recorded <= 1000; recorded += 100)
        record(recorded);
    show_all();
    EXPECT_TRUE(commit(900));
    EXPECT_EQ(run.committed().value(), 600u);
    EXPECT_TRUE(commit(100));
    EXPECT_EQ(run.committed().value(), 900u);
}

// ---- sizes of frames ----

TEST_F(CaptureRunTest, RangesAreBytesAndPositionsFrames)
{
    prepare(100, 400, 32);
    start();
    report(403);
    EXPECT_EQ(send(), Ranges({ { 0, 400 } }));
    respond_to_all();
    EXPECT_EQ(position(), 100u);
}

TEST_F(CaptureRunTest, FramesThatDoNotFillBytes)
{
    prepare(100, 400, 12);
    start();
    report(2);
    EXPECT_EQ(send(), Ranges());
    report(4);
    EXPECT_EQ(send(), Ranges({ { 0, 3 } }));
    respond_to_all();
    EXPECT_EQ(position(), 2u);
    report(endless);
    EXPECT_EQ(send(), Ranges({ { 3, 597 } }));
    respond_to_all();
    EXPECT_EQ(position(), 400u);
    EXPECT_EQ(run.look_at_position(), 398u);
}

} // namespace

} // namespace xen_front::test

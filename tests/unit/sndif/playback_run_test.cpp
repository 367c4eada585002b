// SPDX-License-Identifier: GPL-2.0-only
// What is committed, given to the backend, and reported.
#include "playback_run_test.hpp"

namespace xen_front::test {

namespace {

TEST_F(PlaybackRunTest, StartsAtZero)
{
    EXPECT_EQ(run.state(), RunState::Prepared);
    EXPECT_EQ(run.look_at_position(), 0u);
    EXPECT_FALSE(run.shown() < run.position());
    EXPECT_FALSE(run.is_elapsed());
    EXPECT_EQ(send(), Ranges());
    EXPECT_EQ(run.requested().value(), 0u);
}

TEST_F(PlaybackRunTest, RefusedCommandChangesNothing)
{
    EXPECT_FALSE(run.apply(RunCommand::Resume));
    EXPECT_EQ(run.state(), RunState::Prepared);
    EXPECT_FALSE(run.drain());
    EXPECT_EQ(run.state(), RunState::Prepared);
}

TEST_F(PlaybackRunTest, OnlyIdleRunsWantNoSession)
{
    EXPECT_FALSE(PlaybackRun().wants_session());
    EXPECT_TRUE(run.wants_session());
    run.apply(RunCommand::Fail);
    EXPECT_FALSE(run.wants_session());
    run.apply(RunCommand::Reset);
    EXPECT_FALSE(run.wants_session());
}

// ---- commit ----

TEST_F(PlaybackRunTest, CommitsWhatFitsTheBuffer)
{
    EXPECT_TRUE(commit(400));
    EXPECT_EQ(run.committed().value(), 400u);
    EXPECT_FALSE(commit(401));
    EXPECT_FALSE(commit(endless / 2));
    EXPECT_EQ(run.committed().value(), 400u);
}

TEST_F(PlaybackRunTest, QueuedFramesCountFromWhatAlsaWasShown)
{
    play(400);
    report(150);
    // The application cannot know of these 150 yet.
    EXPECT_TRUE(commit(400));
    EXPECT_EQ(run.committed().value(), 400u);
    run.look_at_position();
    EXPECT_TRUE(commit(400));
    EXPECT_EQ(run.committed().value(), 550u);
}

TEST_F(PlaybackRunTest, PointerOfAStreamThatIsNotPreparedMayMove)
{
    PlaybackRun idle;
    EXPECT_TRUE(idle.commit(1000));
    EXPECT_EQ(idle.committed().value(), 0u);
}

TEST_F(PlaybackRunTest, FramesTakenBackAreNotPlayed)
{
    play(400);
    EXPECT_TRUE(commit(50));
    report(300);
    EXPECT_EQ(position(), 50u);
    EXPECT_TRUE(run.take_elapsed());
    // What the backend has is not given to it again.
    show_all();
    commit(350);
    EXPECT_EQ(send(), Ranges());
    commit(400);
    EXPECT_EQ(send(), Ranges({ { 0, 50 } }));
}

TEST_F(PlaybackRunTest, TakingBackAllThatIsLeftLetsAlsaDecide)
{
    play(400);
    report(150);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_TRUE(commit(100)); // as shown, 0, and 100
    EXPECT_TRUE(run.take_elapsed());
}

// ---- transfers ----

TEST_F(PlaybackRunTest, CommittedFramesAreSentBeforeTheStart)
{
    commit(300);
    EXPECT_EQ(send(), Ranges({ { 0, 300 } }));
    EXPECT_EQ(run.requested().value(), 300u);
    commit(301);
    EXPECT_EQ(send(), Ranges({ { 300, 1 } }));
}

TEST_F(PlaybackRunTest, WrapTakesTwoRanges)
{
    play(300);
    report(200);
    show_all();
    commit(300);
    EXPECT_EQ(send(), Ranges({ { 300, 100 }, { 0, 100 } }));
}

TEST_F(PlaybackRunTest, EndOfTheBufferIsNoWrap)
{
    play(400);
    EXPECT_EQ(run.requested().value(), 400u);
    report(100);
    show_all();
    commit(301);
    EXPECT_EQ(send(), Ranges({ { 0, 1 } }));
}

TEST_F(PlaybackRunTest, RangeThatWasNotSentIsGivenAgain)
{
    commit(300);
    TransferRange range = {};
    ASSERT_TRUE(run.next_transfer(range));
    EXPECT_EQ(run.requested().value(), 0u);
    EXPECT_EQ(send(), Ranges({ { 0, 300 } }));
}

TEST_F(PlaybackRunTest, WhatWaitsForTheWindowGoesAsOne)
{
    for (uint64_t frames = 10; frames <= 40; frames += 10) {
        commit(frames);
        EXPECT_EQ(send(), Ranges({ { static_cast<uint32_t>(frames - 10), 10 } }));
    }
    EXPECT_FALSE(run.wants_responses());
    commit(50);
    EXPECT_EQ(send(), Ranges());
    EXPECT_TRUE(run.wants_responses());
    commit(60);
    EXPECT_EQ(respond(0), TransferResult::Done);
    EXPECT_FALSE(run.wants_responses());
    EXPECT_EQ(send(), Ranges({ { 40, 20 } }));
}

TEST_F(PlaybackRunTest, ResponsesMayComeInAnyOrder)
{
    for (uint64_t frames = 10; frames <= 40; frames += 10) {
        commit(frames);
        send();
    }
    EXPECT_EQ(respond(3), TransferResult::Done);
    EXPECT_EQ(respond(1), TransferResult::Done);
    EXPECT_EQ(run.in_flight(), 4u);
    EXPECT_EQ(respond(0), TransferResult::Done);
    EXPECT_EQ(run.in_flight(), 2u);
    EXPECT_EQ(respond(2), TransferResult::Done);
    EXPECT_EQ(run.in_flight(), 0u);
}

TEST_F(PlaybackRunTest, RefusedAndForeignResponsesAreTold)
{
    commit(100);
    send();
    EXPECT_EQ(respond(7), TransferResult::Foreign);
    EXPECT_EQ(run.in_flight(), 1u);
    EXPECT_EQ(respond(0, -5), TransferResult::Refused);
    EXPECT_EQ(run.in_flight(), 0u);
    EXPECT_EQ(respond(0), TransferResult::Foreign);
    commit(200);
    send();
    EXPECT_EQ(respond(1, 5), TransferResult::Refused); // no status but 0 is good
}

TEST_F(PlaybackRunTest, ResponsesToTheRunBeforeAreForeign)
{
    commit(100);
    send();
    prepare(100, 400);
    EXPECT_EQ(run.in_flight(), 0u);
    EXPECT_EQ(respond(0), TransferResult::Foreign);
}

TEST_F(PlaybackRunTest, NothingIsSentOnceItEnded)
{
    for (const RunCommand command : { RunCommand::Stop, RunCommand::Fail, RunCommand::Reset }) {
        prepare(100, 400);
        commit(100);
        run.apply(RunCommand::Start);
        run.apply(command);
        EXPECT_EQ(send(), Ranges());
        EXPECT_FALSE(run.expects_position());
    }
}

// ---- positions ----

TEST_F(PlaybackRunTest, PeriodElapsesWhenItsEndIsReached)
{
    play(400);
    EXPECT_EQ(report(99), Move::InPeriod);
    EXPECT_FALSE(run.take_elapsed());
    EXPECT_EQ(report(100), Move::Period);
    EXPECT_TRUE(run.is_elapsed());
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_FALSE(run.take_elapsed());
    EXPECT_EQ(report(199), Move::InPeriod);
    EXPECT_FALSE(run.take_elapsed());
    EXPECT_EQ(report(201), Move::Period);
    EXPECT_TRUE(run.take_elapsed());
}

TEST_F(PlaybackRunTest, SeveralPeriodsAtOnceElapseOnce)
{
    play(400);
    report(350);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_FALSE(run.take_elapsed());
    EXPECT_EQ(run.look_at_position(), 350u);
}

// ALSA sees positions modulo the buffer: a step of a whole one would look like none.
TEST_F(PlaybackRunTest, WholeBufferIsShownInTwoSteps)
{
    play(400);
    report(400);
    EXPECT_EQ(run.look_at_position(), 399u);
    EXPECT_TRUE(run.shown() < run.position());
    EXPECT_EQ(run.look_at_position(), 0u);
    EXPECT_FALSE(run.shown() < run.position());
    EXPECT_EQ(shown(), 400u);
}

TEST_F(PlaybackRunTest, BackwardsAndTheSameAreNoNews)
{
    play(400);
    EXPECT_EQ(report(150), Move::Period);
    EXPECT_EQ(report(150), Move::None);
    EXPECT_EQ(report(149), Move::None);
    EXPECT_EQ(report(0), Move::None);
    EXPECT_EQ(position(), 150u);
}

TEST_F(PlaybackRunTest, NoNumberGoesBeyondWhatWasGivenAndCommitted)
{
    play(300);
    EXPECT_EQ(report(endless), Move::Period);
    EXPECT_EQ(position(), 300u);
    commit(400); // not sent yet
    EXPECT_EQ(report(endless), Move::None);
    EXPECT_EQ(position(), 300u);
}

TEST_F(PlaybackRunTest, AllPlayedLetsAlsaDecide)
{
    play(150);
    report(100);
    EXPECT_TRUE(run.take_elapsed());
    report(150);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_EQ(report(200), Move::None);
    EXPECT_FALSE(run.take_elapsed());
}

TEST_F(PlaybackRunTest, PositionIsExpectedWhenAPeriodIsThere)
{
    EXPECT_FALSE(run.expects_position());
    play(99);
    EXPECT_FALSE(run.expects_position());
    commit(100);
    EXPECT_TRUE(run.expects_position());
    send();
    report(1);
    EXPECT_FALSE(run.expects_position());
    run.drain();
    EXPECT_TRUE(run.expects_position());
    report(100);
    EXPECT_FALSE(run.expects_position());
}

TEST_F(PlaybackRunTest, PositionReportedWhilePausedIsKept)
{
    play(400);
    report(50);
    run.apply(RunCommand::Pause);
    EXPECT_FALSE(run.expects_position());
    EXPECT_EQ(report(120), Move::Period);
    EXPECT_EQ(position(), 120u);
    run.apply(RunCommand::Resume);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_EQ(run.look_at_position(), 120u);
}

// A backend whose device is paused may not take them, nor what is behind them in the ring.
TEST_F(PlaybackRunTest, FramesCommittedWhilePausedAreSentWhenItIsResumed)
{
    play(100);
    run.apply(RunCommand::Pause);
    commit(200);
    EXPECT_EQ(send(), Ranges());
    run.apply(RunCommand::Resume);
    EXPECT_EQ(send(), Ranges({ { 100, 100 } }));
}

TEST_F(PlaybackRunTest, PeriodThatDoesNotDivideTheBuffer)
{
    prepare(300, 1000);
    play(1000);
    int periods = 0;
    for (uint64_t played = 50; played <= 30000; played += 50) {
        ASSERT_EQ(report(played), played % 300 == 0 ? Move::Period : Move::InPeriod);
        periods += run.take_elapsed();
        EXPECT_EQ(run.look_at_position(), played % 1000);
        commit(1000);
        send();
        respond_to_all();
    }
    EXPECT_EQ(periods, 100);
}

TEST_F(PlaybackRunTest, CountsOver32Bits)
{
    const uint64_t buffer = uint64_t { 1 } << 30;
    prepare(buffer / 2, buffer);
    play(buffer);
    for (uint64_t round = 1; round <= 6; round++) {
        report(round * buffer);
        show_all();
        EXPECT_EQ(shown(), round * buffer);
        commit(buffer / 4);
        EXPECT_EQ(send(), Ranges({ { 0, static_cast<uint32_t>(buffer / 4) } }));
        commit(buffer);
        send();
        respond_to_all();
    }
}

TEST_F(PlaybackRunTest, PrepareForgetsEverything)
{
    play(400);
    report(250);
    run.apply(RunCommand::Fail);
    prepare(100, 200);
    EXPECT_EQ(run.state(), RunState::Prepared);
    EXPECT_EQ(position(), 0u);
    EXPECT_EQ(shown(), 0u);
    EXPECT_EQ(run.committed().value(), 0u);
    EXPECT_EQ(run.requested().value(), 0u);
    EXPECT_FALSE(run.is_elapsed());
    EXPECT_FALSE(commit(201));
}

// A device may wait for more only when the backend has all that there is, and there is room for
// more.
TEST_F(PlaybackRunTest, MayStandStillWithAllThatWasCommitted)
{
    play(200);
    EXPECT_TRUE(run.may_stand_still());
    ASSERT_TRUE(commit(300));
    EXPECT_FALSE(run.may_stand_still());
    send();
    EXPECT_FALSE(run.may_stand_still());
    respond_to_all();
    EXPECT_TRUE(run.may_stand_still());
    ASSERT_TRUE(commit(301));
    send();
    respond_to_all();
    EXPECT_FALSE(run.may_stand_still());
}

} // namespace

} // namespace xen_front::test

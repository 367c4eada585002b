// SPDX-License-Identifier: GPL-2.0-only
// Drains, new sessions, and frames of any size.
#include "playback_run_test.hpp"

namespace xen_front::test {

namespace {

using PlaybackRunLifeTest = PlaybackRunTest;

// ---- draining ----

TEST_F(PlaybackRunLifeTest, LastPeriodIsFilledWithSilence)
{
    play(150);
    EXPECT_EQ(silences(), Silences());
    ASSERT_TRUE(run.drain());
    EXPECT_EQ(silences(), Silences({ { 150, 50 } }));
    EXPECT_EQ(silences(), Silences());
    EXPECT_EQ(send(), Ranges({ { 150, 50 } }));
    report(100);
    EXPECT_TRUE(run.take_elapsed());
    report(200);
    EXPECT_EQ(position(), 150u);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_FALSE(run.expects_position());
}

TEST_F(PlaybackRunLifeTest, WholePeriodsNeedNoSilence)
{
    play(200);
    run.drain();
    EXPECT_EQ(silences(), Silences());
}

TEST_F(PlaybackRunLifeTest, SilenceWrapsAndWaitsForRoom)
{
    prepare(300, 1000);
    play(1000);
    report(50);
    show_all();
    commit(1000); // 1,050 of 1,200
    run.drain();
    EXPECT_EQ(silences(), Silences());
    report(100);
    EXPECT_EQ(silences(), Silences({ { 50, 50 } }));
    report(300);
    EXPECT_EQ(silences(), Silences({ { 100, 100 } }));
}

TEST_F(PlaybackRunLifeTest, SilenceOverTheEndOfTheBufferIsTwoRanges)
{
    prepare(300, 1000);
    play(910);
    report(600);
    run.drain();
    EXPECT_EQ(silences(), Silences({ { 910, 90 }, { 0, 200 } }));
}

TEST_F(PlaybackRunLifeTest, DrainOfNothingLetsAlsaDecide)
{
    play(100);
    report(100);
    run.take_elapsed();
    ASSERT_TRUE(run.drain());
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_EQ(silences(), Silences());
}

// It looks, and nothing has happened since it did: it would take that for a stream that goes on.
TEST_F(PlaybackRunLifeTest, DrainOfWhatAlsaHasSeenPlayedMovesOnceMore)
{
    play(100);
    report(100);
    show_all();
    run.take_elapsed();
    ASSERT_TRUE(run.drain());
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_EQ(run.look_at_position(), 101u);
    EXPECT_FALSE(run.expects_position());
    EXPECT_EQ(silences(), Silences());
    EXPECT_EQ(send(), Ranges());
}

// A backend whose device is behind reports the last frames only when more follows.
class StandingDrainTest : public PlaybackRunLifeTest {
  protected:
    // All of 150 frames and the silence behind them is written, and 90 are played.
    StandingDrainTest()
    {
        play(150);
        run.drain();
        silences();
        hand_over();
        report(90);
    }
    void hand_over()
    {
        send();
        respond_to_all();
    }
};

TEST_F(StandingDrainTest, SilenceOfTheBackendMakesAPeriodOfSilenceDue)
{
    run.want_more_silence();
    EXPECT_EQ(silences(), Silences({ { 200, 100 } }));
    run.want_more_silence(); // The silence has not been written yet.
    EXPECT_EQ(silences(), Silences());
    hand_over();
    run.want_more_silence();
    EXPECT_EQ(silences(), Silences({ { 300, 100 } }));
}

TEST_F(StandingDrainTest, EachRepeatedReportMakesAPeriodOfSilenceDue)
{
    report(90);
    EXPECT_EQ(silences(), Silences({ { 200, 100 } }));
    report(90); // The silence has not been written yet.
    EXPECT_EQ(silences(), Silences());
    hand_over();
    report(90);
    EXPECT_EQ(silences(), Silences({ { 300, 100 } }));
}

TEST_F(StandingDrainTest, NoneIsDueBehindAFullBuffer)
{
    for (int i = 0; i < 10; i++) {
        report(90);
        silences();
        hand_over();
    }
    ASSERT_EQ(run.requested().value(), 490u);
    report(91);
    EXPECT_EQ(silences(), Silences({ { 90, 1 } }));
    hand_over();
    report(149);
    EXPECT_EQ(silences(), Silences({ { 91, 9 } })) << "the rest of the period that was due";
}

TEST_F(StandingDrainTest, SilenceIsCountedAnewWhenTheApplicationWrites)
{
    report(90);
    silences();
    hand_over();
    show_all();
    commit(100); // 190 of 490
    EXPECT_EQ(silences(), Silences({ { 190, 10 } }));
}

TEST_F(StandingDrainTest, WhatTheApplicationTakesBackIsSilencedFirst)
{
    show_all();
    commit(5); // 95: the backend was given 200
    report(90);
    report(90);
    EXPECT_EQ(silences(), Silences({ { 95, 5 } }));
}

// ---- sessions ----

TEST_F(PlaybackRunLifeTest, NewSessionIsGivenAllThatWasNotReported)
{
    play_through(300);
    ASSERT_EQ(run.committed().value(), 700u);
    run.begin_session();
    EXPECT_EQ(run.in_flight(), 0u);
    EXPECT_EQ(run.requested().value(), 300u);
    EXPECT_EQ(send(), Ranges({ { 300, 100 }, { 0, 300 } }));
    // What it counts is added to what was played before.
    report(70);
    EXPECT_EQ(position(), 370u);
    report(100);
    EXPECT_TRUE(run.take_elapsed());
    EXPECT_EQ(position(), 400u);
}

TEST_F(PlaybackRunLifeTest, ResponsesToTheSessionBeforeAreForeign)
{
    commit(100);
    send();
    run.begin_session();
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    EXPECT_EQ(respond(0), TransferResult::Foreign);
    EXPECT_EQ(run.in_flight(), 1u);
    EXPECT_EQ(respond(1), TransferResult::Done);
}

TEST_F(PlaybackRunLifeTest, NewSessionKeepsStateAndWhatAlsaWasShown)
{
    play(400);
    report(150);
    run.look_at_position();
    report(160);
    run.begin_session();
    EXPECT_EQ(run.state(), RunState::Running);
    EXPECT_EQ(shown(), 150u);
    EXPECT_EQ(position(), 160u);
    EXPECT_TRUE(run.is_elapsed());
}

TEST_F(PlaybackRunLifeTest, NewSessionWhilePausedIsGivenTheRest)
{
    play(400);
    report(150);
    run.apply(RunCommand::Pause);
    run.begin_session();
    run.apply(RunCommand::Resume);
    EXPECT_EQ(send(), Ranges({ { 150, 250 } }));
    report(250);
    EXPECT_EQ(position(), 400u);
}

// The new backend counts its periods from its own OPEN.
TEST_F(PlaybackRunLifeTest, DrainOfANewSessionEndsWithAPeriodOfIt)
{
    play(200);
    report(30);
    run.begin_session();
    run.drain();
    EXPECT_EQ(silences(), Silences({ { 200, 30 } }));
    EXPECT_EQ(send(), Ranges({ { 30, 200 } }));
    report(100);
    EXPECT_TRUE(run.expects_position());
    report(200);
    EXPECT_EQ(position(), 200u);
    EXPECT_TRUE(run.is_elapsed());
}

TEST_F(PlaybackRunLifeTest, NewSessionWhileDrainingGetsTheSilenceAsWell)
{
    play(150);
    run.drain();
    silences();
    send();
    run.begin_session();
    EXPECT_EQ(silences(), Silences());
    EXPECT_EQ(send(), Ranges({ { 0, 200 } }));
}

TEST_F(PlaybackRunLifeTest, NewSessionAfterItEndedIsGivenNothing)
{
    play(400);
    run.apply(RunCommand::Stop);
    run.begin_session();
    EXPECT_EQ(send(), Ranges());
}

// ---- sizes of frames ----

TEST_F(PlaybackRunLifeTest, RangesAreBytesAndPositionsFrames)
{
    prepare(100, 400, 48);
    play(300);
    EXPECT_EQ(run.requested().value(), 300u);
    report(599);
    EXPECT_EQ(position(), 99u);
    report(600);
    EXPECT_EQ(position(), 100u);
    show_all();
    commit(400);
    EXPECT_EQ(send(), Ranges({ { 1800, 600 }, { 0, 600 } }));
}

// IMA ADPCM: one channel has two frames to a byte, three have two frames to three bytes.
TEST_F(PlaybackRunLifeTest, FramesOfHalfAByte)
{
    prepare(100, 400, 4);
    play(400);
    EXPECT_EQ(report(25), Move::InPeriod);
    EXPECT_EQ(position(), 50u);
    report(200);
    EXPECT_EQ(run.look_at_position(), 398u);
    EXPECT_EQ(run.look_at_position(), 0u);
    commit(301);
    EXPECT_EQ(send(), Ranges({ { 0, 150 } })); // the half byte waits for its other half
    commit(302);
    EXPECT_EQ(send(), Ranges({ { 150, 1 } }));
}

TEST_F(PlaybackRunLifeTest, PositionsAreWhatAlsaAlignsThemTo)
{
    prepare(100, 400, 12);
    play(400);
    report(2); // a frame and a third
    EXPECT_EQ(position(), 0u);
    report(3);
    EXPECT_EQ(position(), 2u);
    report(5);
    EXPECT_EQ(position(), 2u);
}

TEST_F(PlaybackRunLifeTest, DrainPlaysTheLastHalfByte)
{
    prepare(100, 400, 4);
    play(3);
    run.drain();
    silences();
    send();
    report(endless);
    EXPECT_EQ(position(), 4u); // ALSA would make it 2 of 3
    EXPECT_TRUE(run.is_elapsed());
    EXPECT_FALSE(run.expects_position());
}

TEST_F(PlaybackRunLifeTest, NoNumberOfBytesIsFewFrames)
{
    for (const uint32_t bits : { 4, 8, 12, 32 }) {
        for (const uint64_t huge : { endless, endless / 2, endless / 2 + 1, endless / 4 + 1 }) {
            prepare(100, 400, bits);
            play(300);
            report(10);
            run.begin_session();
            send();
            EXPECT_EQ(report(huge), Move::Period);
            EXPECT_EQ(position(), 300u) << bits << " bits, " << huge;
        }
    }
}

} // namespace

} // namespace xen_front::test

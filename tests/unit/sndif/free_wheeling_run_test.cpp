// SPDX-License-Identifier: GPL-2.0-only
// Applications that write in place, as dmix: they never move their pointer, and begin a new sound
// at the position that ALSA shows.
#include "playback_run_test.hpp"

namespace xen_front::test {

namespace {

class FreeWheelingRunTest : public PlaybackRunTest {
  protected:
    FreeWheelingRunTest()
    {
        run.set_unstoppable(true);
    }
    // What ALSA is shown when it looks.
    uint64_t look()
    {
        run.look_at_position();
        return shown();
    }
    void show_all()
    {
        while (shown() < look())
            continue;
    }
    void expect_taken(uint64_t frames)
    {
        EXPECT_EQ(look(), frames);
        EXPECT_EQ(run.requested().value(), frames);
    }
};

TEST_F(FreeWheelingRunTest, GivesTwoPeriodsAhead)
{
    EXPECT_EQ(send(), Ranges());
    run.apply(RunCommand::Start);
    EXPECT_EQ(send(), Ranges({ { 0, 200 } }));
    EXPECT_TRUE(run.expects_position());
    respond_to_all();
    report(100);
    EXPECT_EQ(send(), Ranges({ { 200, 100 } }));
    report(endless);
    EXPECT_EQ(run.reported().value(), 300u); // what it was given
    EXPECT_EQ(send(), Ranges({ { 300, 100 }, { 0, 100 } }));
}

// What is written at the position is heard: nothing beyond it is with the backend, and nothing
// before it, which ALSA silences, is still to be copied.
TEST_F(FreeWheelingRunTest, PositionIsTheEndOfWhatWasTaken)
{
    run.apply(RunCommand::Start);
    send();
    EXPECT_EQ(look(), 0u);
    EXPECT_TRUE(run.wants_responses());
    respond_to_all();
    EXPECT_FALSE(run.wants_responses());
    expect_taken(200);
    EXPECT_TRUE(run.take_elapsed());
    for (uint64_t played = 100; played <= 1000; played += 100) {
        EXPECT_EQ(report(played), Move::Period);
        EXPECT_FALSE(run.is_elapsed());
        EXPECT_EQ(look(), played + 100);
        send();
        EXPECT_EQ(look(), played + 100);
        EXPECT_TRUE(run.wants_responses());
        respond_to_all();
        expect_taken(played + 200);
        EXPECT_TRUE(run.take_elapsed());
        show_all();
        EXPECT_EQ(run.delay().value(), 200u);
    }
}

TEST_F(FreeWheelingRunTest, ResponsesOutOfTurnWaitForThoseBeforeThem)
{
    run.apply(RunCommand::Start);
    send();
    report(100);
    send();
    respond(1);
    EXPECT_EQ(look(), 100u);
    respond(0);
    EXPECT_EQ(look(), 300u);
}

// With a buffer of what is handed over, ALSA could not tell the first step from none.
TEST_F(FreeWheelingRunTest, BufferOfTwoPeriodsIsShownInTwoSteps)
{
    prepare(100, 200);
    play(0);
    EXPECT_EQ(run.look_at_position(), 199u);
    EXPECT_EQ(run.look_at_position(), 0u);
    EXPECT_EQ(shown(), 200u);
    report(100);
    EXPECT_EQ(send(), Ranges({ { 0, 100 } }));
    respond_to_all();
    EXPECT_EQ(run.look_at_position(), 100u);
}

// An interrupt for less than a period is one that no application waits for.
TEST_F(FreeWheelingRunTest, OnlyPeriodsElapse)
{
    play(0);
    EXPECT_TRUE(run.take_elapsed());
    report(50);
    send();
    EXPECT_FALSE(run.wants_responses());
    respond_to_all();
    expect_taken(250);
    EXPECT_FALSE(run.take_elapsed());
    report(120);
    send();
    EXPECT_TRUE(run.wants_responses());
    respond_to_all();
    expect_taken(320);
    EXPECT_TRUE(run.take_elapsed());
}

TEST_F(FreeWheelingRunTest, TheApplicationMayBeBehind)
{
    play(0);
    report(200);
    show_all();
    EXPECT_TRUE(run.commit(-190));
    EXPECT_TRUE(run.is_free_wheeling());
    run.apply(RunCommand::Pause);
    EXPECT_TRUE(run.commit(-90));
    EXPECT_TRUE(run.is_free_wheeling());
    run.apply(RunCommand::Resume);
    EXPECT_EQ(send(), Ranges({ { 200, 200 } }));
}

// RtAudio and JUCE link playback to capture, let the first read start both, and write what they
// have read: behind the position of playback. A lap later it is heard.
TEST_F(FreeWheelingRunTest, EachPeriodIsCommittedBehindThePosition)
{
    play(0);
    for (uint64_t round = 1; round < 20; round++) {
        respond_to_all();
        report(100 * round);
        show_all();
        const auto next = static_cast<uint32_t>((100 * round + 100) % 400);
        EXPECT_EQ(send(), Ranges({ { next, 100 } }));
        EXPECT_TRUE(run.commit(0));
    }
    respond_to_all();
    expect_taken(2100);
}

// One that jumps ahead has its frames played from there. ALSA is shown what is played again, but
// no less than it was shown.
TEST_F(FreeWheelingRunTest, PositionWaitsForWhatIsPlayedWhenFramesAreCommitted)
{
    play(0);
    show_all();
    EXPECT_EQ(run.delay().value(), 200u);
    EXPECT_TRUE(run.commit(350));
    EXPECT_FALSE(run.is_free_wheeling());
    // No more than a buffer is with the backend: the rest waits for what is played.
    EXPECT_EQ(send(), Ranges({ { 200, 200 } }));
    EXPECT_TRUE(run.needs_reports());
    respond_to_all();
    EXPECT_EQ(look(), 200u);
    EXPECT_EQ(report(150), Move::Period);
    EXPECT_TRUE(run.expects_position());
    EXPECT_EQ(look(), 200u);
    EXPECT_EQ(run.delay().value(), 50u);
    EXPECT_EQ(send(), Ranges({ { 0, 150 } }));
    respond_to_all();
    run.take_elapsed();
    report(250);
    EXPECT_EQ(look(), 250u);
    EXPECT_EQ(run.delay().value(), 0u);
    EXPECT_FALSE(run.needs_reports());
    run.take_elapsed();
    report(endless);
    EXPECT_EQ(look(), 550u);
    EXPECT_TRUE(run.is_elapsed());
}

TEST_F(FreeWheelingRunTest, WhatWasShownIsStillToBePlayed)
{
    play(0);
    show_all();
    EXPECT_TRUE(run.commit(50));
    send();
    EXPECT_TRUE(run.expects_position());
    report(200);
    EXPECT_FALSE(run.expects_position());
    EXPECT_TRUE(run.drain());
    EXPECT_TRUE(run.expects_position());
    EXPECT_EQ(silences(), Silences({ { 250, 50 } }));
    EXPECT_EQ(send(), Ranges({ { 250, 50 } }));
    report(300);
    EXPECT_EQ(look(), 250u);
    EXPECT_TRUE(run.is_elapsed());
}

// Sound servers have the stop threshold beyond the buffer, too, and say what they have written.
TEST_F(FreeWheelingRunTest, NothingIsGivenAheadOfAnApplicationThatCommits)
{
    play(150);
    EXPECT_EQ(run.requested().value(), 150u);
    EXPECT_EQ(look(), 0u);
    report(100);
    EXPECT_EQ(send(), Ranges());
    report(endless);
    EXPECT_EQ(look(), 150u);
    EXPECT_EQ(send(), Ranges());
    show_all();
    commit(400);
    EXPECT_EQ(run.requested().value(), 150u);
    EXPECT_EQ(send(), Ranges({ { 150, 250 }, { 0, 150 } }));
}

TEST_F(FreeWheelingRunTest, SilenceOverwritesNothingAhead)
{
    play(0);
    report(200);
    run.drain();
    EXPECT_EQ(silences(), Silences());
}

// ALSA has silenced what it was shown, or the application has written there for a lap later.
TEST_F(FreeWheelingRunTest, NewSessionIsGivenNothingThatTheLastOneHasTaken)
{
    play(0);
    report(150);
    send();
    respond_to_all();
    show_all();
    expect_taken(350);
    run.begin_session();
    EXPECT_EQ(position(), 350u);
    EXPECT_EQ(look(), 350u);
    EXPECT_FALSE(run.has_begun());
    EXPECT_EQ(run.delay().value(), 0u);
    EXPECT_EQ(send(), Ranges({ { 350, 50 }, { 0, 150 } }));
    respond_to_all();
    expect_taken(550);
    report(100);
    EXPECT_EQ(run.reported().value(), 450u);
    EXPECT_EQ(send(), Ranges({ { 150, 100 } }));
}

// Another stream of its group could not start: ALSA was shown nothing. It starts again, be the new
// session there or not.
TEST_F(FreeWheelingRunTest, StartThatIsUndoneHasTakenNothing)
{
    play(0);
    run.apply(RunCommand::UndoStart);
    run.forget_transfers();
    run.apply(RunCommand::Start);
    EXPECT_EQ(look(), 0u);
    run.begin_session();
    EXPECT_EQ(look(), 0u);
    EXPECT_EQ(send(), Ranges({ { 0, 200 } }));
}

// A backend that goes takes with it what ALSA has seen, and no more.
TEST_F(FreeWheelingRunTest, WhatWasTakenAndNotShownIsGivenAgain)
{
    play(0);
    EXPECT_EQ(look(), 200u);
    report(100);
    send();
    respond_to_all();
    run.forget_transfers();
    EXPECT_EQ(look(), 200u);
    run.begin_session();
    EXPECT_EQ(send(), Ranges({ { 200, 200 } }));
}

// ALSA has seen the end before it is played: it has to look once more when it is.
TEST_F(FreeWheelingRunTest, DrainOfWhatWasShownEndsWhenItIsPlayed)
{
    for (const bool is_lost : { false, true }) {
        prepare(100, 400);
        play(0);
        EXPECT_EQ(look(), 200u);
        report(100);
        send();
        respond_to_all();
        EXPECT_EQ(look(), 300u);
        EXPECT_TRUE(run.commit(1));
        EXPECT_TRUE(run.commit(0));
        EXPECT_FALSE(run.is_free_wheeling());
        run.take_elapsed();
        EXPECT_TRUE(run.drain());
        EXPECT_FALSE(run.is_elapsed());
        if (is_lost)
            run.begin_session();
        else
            report(300);
        EXPECT_TRUE(run.take_elapsed());
        EXPECT_EQ(look(), 301u);
        run.apply(RunCommand::Stop);
    }
}

TEST_F(FreeWheelingRunTest, PositionsAreWhatAlsaAlignsThemTo)
{
    prepare(100, 400, 12);
    play(0);
    expect_taken(200);
    report(2); // a frame and a third
    EXPECT_EQ(send(), Ranges());
    report(5); // three and a third
    EXPECT_EQ(send(), Ranges({ { 300, 3 } }));
    respond_to_all();
    expect_taken(202);
}

} // namespace

} // namespace xen_front::test

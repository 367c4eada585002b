// SPDX-License-Identifier: GPL-2.0-only
// When a backend is overdue, and what shows that it is back.
#include "stall_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// ---- when it is overdue ----

// A backend without frames to play has no progress to report.
TEST_F(StallTest, StarvedStreamIsNotStalled)
{
    auto file = starved();
    EXPECT_EQ(link(), "attached");
    EXPECT_TRUE(complaints().empty());
}

// The interrupt may be delayed; the event is in the page before it.
TEST_F(StallTest, EventsInThePageAreActivity)
{
    auto file = playing();
    stream().has_clock = false;
    kernel.timeline.pass(500ms);
    stream().is_cut_off = true;
    stream().report_position(256 * frame_bytes);
    stream().is_cut_off = false;
    kernel.timeline.pass(1s);
    EXPECT_EQ(link(), "attached");
    EXPECT_EQ(position(*file), 256u);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(StallTest, TimeOutIsTheModulesParameter)
{
    kernel.request_timeout_ms = 200;
    auto file = playing();
    kill();
    kernel.timeline.pass(270ms);
    EXPECT_EQ(link(), "stalled");
}

// What it has reported in that time is looked at before its answer is.
TEST_F(StallTest, BackendThatComesBackWithAnEventPageThatIsNone)
{
    auto file = playing();
    hang_while_it_plays(*file);
    write(*file, 256);
    stream().event_page().in_prod -= 1;
    stream().latency = fake::Duration(0);
    stream().serve();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(link(), "broken");
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

// While it had nothing to play the backend owed nothing.
TEST_F(StallTest, StarvedStreamIsWatchedOnceItGoesOn)
{
    auto file = starved();
    hang(stream());
    file->write(make_audio(buffer_frames * frame_bytes));
    kernel.timeline.pass(3s);
    EXPECT_EQ(link(), "stalled");
}

// It may not have started its device: that it reports nothing before a period ends is no excuse.
TEST_F(StallTest, StartIsToBeAnswered)
{
    auto file = open_with(small_params);
    ASSERT_EQ(file->sw_params(1, buffer_frames, 256), 0);
    ASSERT_EQ(file->prepare(), 0);
    stream().withheld = { Operation::Trigger };
    stream().has_clock = false;
    file->write(make_audio(100 * frame_bytes));
    kernel.timeline.pass(3s);
    EXPECT_EQ(link(), "stalled");
}

// The last caller that waited for it gave up: it asked for what a backend need not know.
TEST_F(StallTest, BackendThatAnswersNoVolumesIsWatched)
{
    stream().withheld = { Operation::SetVolume, Operation::GetVolume, Operation::Mute,
                          Operation::Unmute };
    auto file = playing();
    kernel.timeline.pass(9ms);
    hang(stream());
    kernel.timeline.pass(3s);
    EXPECT_EQ(link(), "stalled");
}

// Another stream of the card hangs. This one does not run, but the backend answers what is asked.
TEST_F(StallTest, BackendThatOnlyAnswersIsThere)
{
    have_two_streams();
    auto idle = open_with(small_params);
    auto bad = open_another();
    hang(backend.stream(0, 1));
    for (int i = 0; i < 60; i++) {
        EXPECT_EQ(idle->hw_params(small_params), 0);
        EXPECT_EQ(idle->prepare(), 0);
        kernel.timeline.pass(250ms);
    }
    EXPECT_EQ(bad->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 1u);
}

// An application that pauses still wants to go on.
TEST_F(StallTest, PausedStreamOfAKilledBackendEndsTheCardInTheEnd)
{
    auto file = playing();
    kill();
    kernel.timeline.pass(1500ms);
    ASSERT_EQ(link(), "stalled");
    EXPECT_EQ(file->pause(true), 0);
    kernel.timeline.pass(11s);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

// A time-out of 0 is for ever, also of one stream of a backend that is there.
TEST_F(StallTest, StreamWaitsForEverIfItMay)
{
    kernel.reconnect_timeout_ms = 0;
    have_two_streams();
    auto good = playing();
    auto bad = open_another();
    hang(backend.stream(0, 1));
    play_seconds(*good, 20);
    EXPECT_EQ(bad->state(), PcmState::Running);
    come_back(backend.stream(0, 1));
    EXPECT_EQ(bad->write(make_audio(3000 * frame_bytes)), 3000);
}

// The first stream says how long the backend has been away.
TEST_F(StallTest, CardEndsWithTheStreamThatHasWaitedLongest)
{
    have_two_streams();
    auto first = playing();
    auto second = open_another();
    hang(stream());
    play_seconds(*second, 5);
    hang(backend.stream(0, 1));
    kernel.timeline.pass(7s);
    EXPECT_EQ(card_count(), 0u);
}

// The backend's last word was about a stream of which nothing more is expected, and the application
// has paused the one that waits.
TEST_F(StallTest, BackendThatHasAnsweredBeforeItDiedEndsTheCardToo)
{
    have_two_streams();
    auto idle = open_with(small_params);
    auto paused = open_another();
    hang(backend.stream(0, 1));
    kernel.timeline.pass(3s);
    EXPECT_EQ(paused->pause(true), 0);
    kernel.timeline.pass(1s);
    EXPECT_EQ(idle->prepare(), 0);
    kill();
    kernel.timeline.pass(12s);
    EXPECT_EQ(card_count(), 0u);
}

// ---- that it is back ----

// A WRITE, for which no application waits, and of which the driver asked for no interrupt before.
TEST_F(StallTest, AnyResponseShowsAtOnceThatItIsBack)
{
    auto file = playing();
    stream().withheld = { Operation::Write };
    kernel.timeline.pass(9ms);
    stream().has_clock = false;
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    kernel.timeline.pass(3s);
    ASSERT_EQ(link(), "stalled");
    EXPECT_TRUE(stream().answer_next());
    EXPECT_EQ(link(), "attached");
}

TEST_F(StallTest, StreamThatWasDroppedIsNotOpenedAgain)
{
    auto file = playing();
    hang_while_it_plays(*file);
    EXPECT_EQ(file->drop(), 0);
    come_back(stream());
    kernel.timeline.pass(100ms);
    EXPECT_EQ(link(), "attached");
    EXPECT_EQ(stream().count(Operation::Open), 1u);
    EXPECT_FALSE(stream().is_running());
}

// The device has started late, and played all that there was before the backend reported anything.
TEST_F(StallTest, DrainThatIsPlayedBeforeTheFirstReportIsOver)
{
    auto file = playing();
    stream().has_clock = false;
    file->is_nonblocking = true;
    EXPECT_EQ(file->drain(), -EAGAIN);
    kernel.timeline.pass(3s);
    ASSERT_EQ(link(), "stalled");
    stream().report_position(buffer_frames * frame_bytes);
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(link(), "attached");
    EXPECT_EQ(stream().count(Operation::Open), 1u);
}

// A device that waits for more of what it plays has the backend report the same position. How long
// it may be silent counts anew from there.
TEST_F(StallTest, BackendThatWaitsForMoreIsNotOverdueSinceBefore)
{
    auto file = prepared();
    ASSERT_EQ(file->sw_params(1, buffer_frames, 256), 0);
    write(*file, 512);
    kernel.timeline.pass(6ms);
    stream().has_clock = false;
    kernel.timeline.pass(8s);
    ASSERT_EQ(link(), "stalled");
    stream().report_position(stream().position());
    EXPECT_EQ(link(), "attached");
    kernel.timeline.pass(1ms); // it opens the stream once more, and is given what was not played
    stream().report_position(0);
    kernel.timeline.pass(8s);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// It is back, and the application pauses before a period is played: the backend owes nothing then.
TEST_F(StallTest, PauseIsNoStandstillOfABackendThatIsBack)
{
    auto file = playing();
    hang_while_it_plays(*file);
    come_back(stream());
    kernel.timeline.pass(6ms);
    ASSERT_EQ(link(), "attached");
    EXPECT_EQ(file->pause(true), 0);
    kernel.timeline.pass(10s);
    EXPECT_EQ(file->pause(false), 0);
    hang(stream());
    kernel.timeline.pass(9s);
    EXPECT_EQ(link(), "stalled");
    EXPECT_EQ(card_count(), 1u);
}

// The positions of a run say nothing about how far the next one has come.
TEST_F(StallTest, NextRunGoesOnFromItsOwnPosition)
{
    backend.on_attach = [](BackendStream &stream) {
        stream.has_clock = true;
        stream.buffer_limit = buffer_frames * frame_bytes; // no volumes, so no more to answer
    };
    restart();
    auto file = playing();
    play_seconds(*file, 3);
    hang(stream());
    kernel.timeline.pass(3s);
    ASSERT_EQ(link(), "stalled");
    stream().withheld = { Operation::Open };
    come_back(stream());
    kernel.timeline.pass(6ms);
    ASSERT_EQ(link(), "attached");
    EXPECT_EQ(file->drop(), 0);
    kernel.timeline.after(100ms, [this] {
        stream().withheld.clear();
        stream().answer_all();
    });
    EXPECT_EQ(file->prepare(), 0);
    play_seconds(*file, 1);
    hang(stream());
    kernel.timeline.pass(9s);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(complaints().size(), 2u);
}

// The backend never begins anew to count what it plays, and was closed without a new prepare.
TEST_F(StallTest, BackendThatCountsOverOpensGoesOn)
{
    uint64_t counted = 0;
    stream().before_position = [&](uint64_t &position) {
        position += counted;
        return true;
    };
    stream().before_answer = [&](const wire::Request &request, wire::Response &) {
        if (request.operation == Operation::Close)
            counted += stream().record.written_bytes;
        return true;
    };
    // So that it is known to count so.
    auto file = playing();
    kernel.timeline.pass(11ms);
    file.reset();
    file = playing();
    const uint64_t reached = hang_while_it_plays(*file);
    come_back(stream());
    expect_the_rest(*file, reached);
    file->prepare();
    ASSERT_EQ(file->write(make_audio(buffer_frames * frame_bytes)), 1024);
    kernel.timeline.pass(11ms);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(position(*file), 512u);
    stream().before_position = nullptr;
    stream().before_answer = nullptr;
}

} // namespace

} // namespace xen_front::test

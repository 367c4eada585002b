// SPDX-License-Identifier: GPL-2.0-only
// A backend that is killed or hangs, without XenStore saying so.
#include "stall_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(StallTest, KilledBackendIsNoticedInTime)
{
    auto file = playing();
    kernel.timeline.pass(9ms);
    kill();
    kernel.timeline.pass(990ms);
    EXPECT_EQ(link(), "attached");
    EXPECT_TRUE(complaints().empty());
    // It is overdue after a period and a request's time-out; looks are a quarter of that apart.
    kernel.timeline.pass(300ms);
    EXPECT_EQ(link(), "stalled");
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("stream 0/0: no progress from the backend in domain 0 for"),
              std::string::npos);
    const uint64_t reached = position(*file);
    restart();
    EXPECT_EQ(state(), XenbusState::Connected);
    expect_the_rest(*file, reached);
}

TEST_F(StallTest, KilledAndRestartedBeforeItIsNoticed)
{
    auto file = playing();
    kill();
    restart();
    expect_the_rest(*file, 0);
    kernel.timeline.pass(3s);
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(StallTest, KilledBackendEndsTheCardInTheEnd)
{
    auto file = playing();
    kill();
    kernel.timeline.pass(9900ms);
    EXPECT_EQ(card_count(), 1u);
    kernel.timeline.pass(1500ms);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(state(), XenbusState::Closed);
    restart();
    EXPECT_EQ(card_count(), 1u);
}

TEST_F(StallTest, DrainOutlivesAKilledBackend)
{
    auto file = playing();
    write(*file, audio_frames - buffer_frames);
    uint64_t reached = 0;
    later(5ms, [&] {
        kill();
        reached = position(*file);
    });
    later(4s, [this] { restart(); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    expect_heard_from(reached);
}

TEST_F(StallTest, BlockedWriterOutlivesAKilledBackend)
{
    auto file = playing();
    later(5ms, [this] { kill(); });
    later(4s, [this] { restart(); });
    EXPECT_EQ(file->write(make_audio(5000 * frame_bytes)), 5000);
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(StallTest, KilledBackendOfACapturingStream)
{
    fake::remove(device);
    backend.detach();
    kernel.store.set(device.path + "/state", "1");
    configure({ { "0/0/type", "c" } });
    connect();
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    kill();
    later(4s, [this] {
        backend.on_attach = [](BackendStream &stream) {
            stream.has_clock = true;
            stream.source = [](uint64_t) {
                return uint8_t { 9 };
            };
        };
        restart();
    });
    std::vector<uint8_t> audio(512 * frame_bytes);
    EXPECT_EQ(file->read(audio), 512);
    EXPECT_EQ(audio, std::vector<uint8_t>(audio.size(), 9));
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_F(StallTest, IdleCardIsNotLookedAt)
{
    for (const bool is_drained : { false, true }) {
        auto file = playing();
        EXPECT_EQ(is_drained ? file->drain() : file->drop(), 0);
        kernel.timeline.pass(2s); // the last look at what has been running
        const uint64_t runs = kernel.works.runs();
        kernel.timeline.pass(60s);
        EXPECT_EQ(kernel.works.runs(), runs);
    }
    kernel.timeline.pass(2s);
    const uint64_t runs = kernel.works.runs();
    kernel.timeline.pass(60s);
    EXPECT_EQ(kernel.works.runs(), runs);
    EXPECT_EQ(state(), XenbusState::Connected);
}

TEST_F(StallTest, LooksAreNoTimerOfPeriods)
{
    auto file = playing();
    const uint64_t runs = kernel.works.runs();
    for (int second = 0; second < 10; second++)
        file->write(make_audio(48000 * frame_bytes));
    EXPECT_LE(kernel.works.runs() - runs, 45u); // four until a backend would be overdue
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(StallTest, HungBackendGoesOnWhereTheStreamStands)
{
    auto file = playing();
    kernel.timeline.pass(9ms);
    hang(stream());
    write(*file, 256);
    kernel.timeline.pass(3s);
    EXPECT_EQ(link(), "stalled");
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(file->state(), PcmState::Running);
    const uint64_t reached = position(*file);
    come_back(stream());
    EXPECT_EQ(link(), "attached");
    expect_the_rest(*file, reached);
    EXPECT_EQ(complaints().size(), 1u);
}

// The backend's process was stopped and goes on: by its clock all frames are played.
TEST_F(StallTest, HungBackendWhoseClockWentOnIsNoXrun)
{
    auto file = playing();
    const uint64_t reached = hang_while_it_plays(*file);
    stream().latency = fake::Duration(0);
    stream().has_clock = true;
    stream().report_position(buffer_frames * frame_bytes);
    EXPECT_EQ(file->state(), PcmState::Running);
    expect_the_rest(*file, reached);
}

// The application pauses while it hangs: what was not heard is not taken for played.
TEST_F(StallTest, HungBackendOfAPausedStreamIsNoXrun)
{
    auto file = playing();
    const uint64_t reached = hang_while_it_plays(*file);
    EXPECT_EQ(file->pause(true), 0);
    stream().latency = fake::Duration(0);
    stream().has_clock = true;
    stream().report_position(buffer_frames * frame_bytes);
    stream().serve();
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_EQ(file->state(), PcmState::Running);
    expect_the_rest(*file, reached);
}

// The application does not read: with a full buffer a backend has nothing to report.
TEST_F(StallTest, RecorderThatDoesNotReadIsNotStalled)
{
    configure({ { "0/1/type", "c" } });
    backend.on_attach = [](BackendStream &stream) {
        stream.has_clock = true;
        stream.source = [](uint64_t) -> uint8_t {
            return 9;
        };
    };
    restart();
    kernel.timeline.pass(1ms);
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->sw_params(1, file->params().boundary, 256), 0);
    ASSERT_EQ(file->prepare(), 0);
    std::vector<uint8_t> audio(256 * frame_bytes);
    ASSERT_EQ(file->read(audio), 256);
    kernel.timeline.pass(30s);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_TRUE(complaints().empty());
    EXPECT_EQ(file->read(audio), 256);
}

TEST_F(StallTest, HungBackendIsNotWaitedForAgain)
{
    auto file = open_with(small_params);
    hang(stream());
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(kernel.timeline.now() - start, 1s);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->sw_params(buffer_frames, buffer_frames, 256), 0);
    EXPECT_EQ(file->prepare(), 0);
    write(*file, buffer_frames);
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_EQ(kernel.timeline.now() - start, 1s);
    EXPECT_EQ(complaints().size(), 1u);
    come_back(stream());
    expect_the_rest(*file, 0);
}

TEST_F(StallTest, StreamOfAHungBackendIsClosedLater)
{
    auto file = playing();
    hang(stream());
    kernel.timeline.pass(1500ms);
    ASSERT_EQ(link(), "stalled");
    const auto start = kernel.timeline.now();
    file.reset();
    EXPECT_EQ(kernel.timeline.now(), start);
    come_back(stream());
    EXPECT_FALSE(stream().opened());
    auto other = playing();
    expect_the_rest(*other, 0);
}

// A backend that is alive on one stream is not given up for another.
TEST_F(StallTest, OneStreamStalls)
{
    have_two_streams();
    auto good = playing();
    auto bad = open_another();
    BackendStream &hung = backend.stream(0, 1);
    hang(hung);
    ASSERT_EQ(good->write(make_audio(96000 * frame_bytes)), 96000);
    EXPECT_EQ(bad->state(), PcmState::Running);
    come_back(hung);
    EXPECT_EQ(bad->write(make_audio(3000 * frame_bytes)), 3000);
    EXPECT_EQ(bad->substream().xruns, 0u);
    // Hung for ever, it ends alone.
    EXPECT_EQ(good->drop(), 0);
    EXPECT_EQ(good->prepare(), 0);
    hang(hung);
    play_seconds(*good, 12);
    EXPECT_EQ(bad->state(), PcmState::Disconnected);
    EXPECT_EQ(good->state(), PcmState::Running);
    EXPECT_EQ(card_count(), 1u);
    // It is closed: the driver has no stream to end.
    bad.reset();
    const uint64_t runs = kernel.works.runs();
    ASSERT_EQ(good->write(make_audio(480000 * frame_bytes)), 480000);
    EXPECT_LE(kernel.works.runs() - runs, 100u);
}

// What one stream's backend owes is no reason to end another stream, or the card, later.
TEST_F(StallTest, StreamThatWasGivenUpCountsNoLonger)
{
    have_two_streams();
    auto good = playing();
    auto bad = open_another();
    hang(backend.stream(0, 1));
    play_seconds(*good, 12);
    ASSERT_EQ(bad->state(), PcmState::Disconnected);
    bad.reset();
    ASSERT_EQ(good->write(make_audio(96000 * frame_bytes)), 96000);
    // It is late once.
    stream().has_clock = false;
    kernel.timeline.pass(1500ms);
    ASSERT_EQ(link(), "stalled");
    EXPECT_EQ(good->state(), PcmState::Running);
    come_back(stream());
    ASSERT_EQ(good->write(make_audio(3000 * frame_bytes)), 3000);
    EXPECT_EQ(good->pause(true), 0);
    kernel.timeline.pass(20s);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(good->pause(false), 0);
    EXPECT_EQ(good->write(make_audio(3000 * frame_bytes)), 3000);
}

// It waits as long as it may from when it is to go on, not from when another run stood still.
TEST_F(StallTest, StreamOfAHungBackendIsPreparedAnew)
{
    have_two_streams();
    auto good = playing();
    auto bad = open_another();
    hang(backend.stream(0, 1));
    play_seconds(*good, 9);
    ASSERT_EQ(bad->drop(), 0);
    play_seconds(*good, 3);
    ASSERT_EQ(bad->prepare(), 0);
    play_seconds(*good, 8);
    EXPECT_EQ(bad->state(), PcmState::Prepared);
    come_back(backend.stream(0, 1));
    EXPECT_EQ(bad->write(make_audio(3000 * frame_bytes)), 3000);
}

// A backend that opens a real device takes a while to answer OPEN.
TEST_F(StallTest, SilenceOfTheBackendBeforeIsNotItsOwn)
{
    auto file = playing();
    kill();
    kernel.timeline.pass(9s);
    ASSERT_EQ(link(), "stalled");
    ASSERT_EQ(complaints().size(), 1u);
    backend.on_attach = [](BackendStream &stream) {
        stream.has_clock = true;
        stream.withheld = { Operation::Open };
    };
    backend.publish(XenbusState::Closing);
    backend.publish(XenbusState::Closed);
    kernel.timeline.pass(5s);
    restart();
    kernel.timeline.pass(500ms);
    EXPECT_EQ(link(), "attached");
    EXPECT_EQ(complaints().size(), 1u);
    EXPECT_EQ(card_count(), 1u);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_F(StallTest, WatchGoesOnUntilTheLastStreamStops)
{
    have_two_streams();
    auto first = playing();
    auto second = open_another();
    first->drop();
    kill();
    kernel.timeline.pass(1500ms);
    EXPECT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("stream 0/1"), std::string::npos);
}

TEST_F(StallTest, CloseThatTakesItsTimeIsNoStall)
{
    auto file = playing();
    file->drop();
    stream().withheld = { Operation::Close };
    file.reset();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(link(), "attached");
    stream().withheld.clear();
    stream().answer_all();
    auto other = playing();
    expect_the_rest(*other, 0);
}

// The bus thread serves every Xen device: it does not wait for callers that wait for a backend.
TEST_F(StallTest, XenwatchDoesNotWaitForAPlayer)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    std::optional<fake::Duration> taken;
    kernel.timeline.after(20ms, [&] {
        const auto start = kernel.timeline.now();
        fake::Thread watch(kernel.context, [this] { fake::fire_backend_watch(device); });
        EXPECT_TRUE(watch.has_ended());
        taken = kernel.timeline.now() - start;
    });
    EXPECT_EQ(file->prepare(), 0);
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, 0ms);
}

} // namespace

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// A backend that goes by XenStore and comes back: sndif.h, "Recovery flow". Applications see a
// position that stands still.
#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using wire::TriggerType;
using namespace std::chrono_literals;

// In every way in which a backend may go.
struct Farewell {
    const char *what;
    std::vector<XenbusState> states;
    XenbusState answer; // the frontend's while there is no backend
};

std::ostream &operator<<(std::ostream &out, const Farewell &farewell)
{
    return out << farewell.what;
}

class FarewellTest : public ReconnectTest, public ::testing::WithParamInterface<Farewell> {
  protected:
    void part()
    {
        for (const XenbusState next : GetParam().states) {
            backend.publish(next);
            backend.detach();
        }
    }
};

TEST_P(FarewellTest, PositionStandsStillAndGoesOn)
{
    auto file = playing();
    kernel.timeline.pass(14ms);
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    part();
    EXPECT_EQ(state(), GetParam().answer);
    EXPECT_EQ(kernel.event_channels.open_count(), 0u);
    const uint64_t reached = position(*file);
    EXPECT_EQ(reached, 512u);
    kernel.timeline.pass(3s);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(position(*file), reached);
    EXPECT_EQ(file->state(), PcmState::Running);

    restart();
    EXPECT_EQ(state(), XenbusState::Connected);
    ASSERT_EQ(card_count(), 1u);
    EXPECT_EQ(kernel.sound.visible_cards()[0], card);
    expect_the_rest(*file, reached);
    EXPECT_TRUE(complaints().empty());
}

TEST_P(FarewellTest, AudioIsThereBeforeTheNextBackendStarts)
{
    auto file = playing();
    part();
    restart();
    const auto &requests = stream().record.requests;
    size_t writes = 0;
    size_t writes_before_start = 0;
    for (const wire::Request &request : requests) {
        writes += request.operation == Operation::Write;
        if (request.operation == Operation::Trigger)
            writes_before_start = writes;
    }
    EXPECT_GT(writes_before_start, 0u);
    EXPECT_EQ(requests.front().operation, Operation::Open);
}

TEST_P(FarewellTest, CardStaysThoughNoApplicationHasItOpen)
{
    kshim_card *const card = kernel.sound.visible_cards().at(0);
    part();
    kernel.timeline.pass(3s);
    restart();
    ASSERT_EQ(card_count(), 1u);
    EXPECT_EQ(kernel.sound.visible_cards()[0], card);
    auto file = playing();
    expect_the_rest(*file, 0);
}

TEST_P(FarewellTest, CardIsUnpluggedInTheEnd)
{
    auto file = playing();
    part();
    kernel.timeline.pass(9900ms);
    EXPECT_EQ(card_count(), 1u);
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.timeline.pass(200ms);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
    EXPECT_EQ(complaints().size(), 1u);
    restart();
    EXPECT_EQ(card_count(), 1u);
    auto other = playing();
    expect_the_rest(*other, 0);
}

TEST_P(FarewellTest, BlockedCallersEndWithTheCard)
{
    auto file = playing();
    part();
    const auto start = kernel.timeline.now();
    EXPECT_LT(file->write(make_audio(1 << 20)), 1 << 18);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_GE(kernel.timeline.now() - start, 9s);
    EXPECT_LE(kernel.timeline.now() - start, 10100ms);
}

TEST_P(FarewellTest, TimeOutOfZeroIsForEver)
{
    kernel.reconnect_timeout_ms = 0;
    auto file = playing();
    part();
    kernel.timeline.pass(1h);
    EXPECT_EQ(file->state(), PcmState::Running);
    // It may be changed while a card waits.
    kernel.reconnect_timeout_ms = 5000;
    kernel.timeline.pass(1100ms);
    EXPECT_EQ(card_count(), 0u);
}

TEST_P(FarewellTest, NewApplicationsNeedNotWait)
{
    part();
    auto file = playing();
    kernel.timeline.pass(2s);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(position(*file), 0u);
    restart();
    expect_the_rest(*file, 0);
}

TEST_P(FarewellTest, BlockedWriterGoesOn)
{
    auto file = playing();
    later(7ms, [this] { part(); });
    later(2s, [this] { restart(); });
    EXPECT_EQ(file->write(make_audio(5000 * frame_bytes)), 5000);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(FarewellTest, DrainGoesOn)
{
    auto file = playing();
    uint64_t reached = 0;
    later(7ms, [&] {
        part();
        reached = position(*file);
    });
    later(2s, [this] { restart(); });
    write(*file, audio_frames - buffer_frames);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->substream().xruns, 0u);
    expect_heard_from(reached);
}

// ALSA gives up a drain that is not woken for a while: here 100 ms. The card's maintenance has to
// wait until the driver has connected.
TEST_P(FarewellTest, DrainOutlivesASlowXenStore)
{
    auto file = playing();
    later(1ms, [&] { part(); });
    later(1s, [this] {
        kernel.store.commit_time = 500ms;
        restart();
    });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
}

TEST_P(FarewellTest, WhatDrainsPlaysToItsEnd)
{
    auto file = playing();
    write(*file, audio_frames - buffer_frames);
    uint64_t reached = 0;
    later(1ms, [&] {
        part();
        reached = position(*file);
    });
    later(2s, [this] { restart(); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    expect_heard_from(reached);
}

TEST_P(FarewellTest, PausedStreamStaysPaused)
{
    auto file = playing();
    kernel.timeline.pass(6ms);
    ASSERT_EQ(file->pause(true), 0);
    part();
    restart();
    kernel.timeline.pass(1s);
    EXPECT_EQ(stream().count(Operation::Trigger), 0u);
    EXPECT_EQ(file->state(), PcmState::Paused);
    EXPECT_EQ(file->pause(false), 0);
    EXPECT_EQ(stream().count(Operation::Trigger), 1u); // START, as to this backend nothing ran
    expect_the_rest(*file, 256);
}

TEST_P(FarewellTest, PausedAndResumedWithoutABackend)
{
    auto file = playing();
    part();
    EXPECT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->pause(false), 0);
    restart();
    expect_the_rest(*file, 0);
}

TEST_P(FarewellTest, PreparedStreamPlays)
{
    auto file = prepared();
    part();
    restart();
    write(*file, buffer_frames);
    expect_the_rest(*file, 0);
}

TEST_P(FarewellTest, StoppedStreamIsNotOpenedBeforeItIsPrepared)
{
    auto file = playing();
    ASSERT_EQ(file->drop(), 0);
    part();
    restart();
    EXPECT_EQ(stream().count(Operation::Open), 0u);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 1u);
}

TEST_P(FarewellTest, PreparedAnewWithoutABackend)
{
    auto file = playing();
    part();
    ASSERT_EQ(file->drop(), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(position(*file), 0u);
    restart();
    EXPECT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
    EXPECT_EQ(file->drain(), 0);
}

TEST_P(FarewellTest, ParametersAreSetWithoutABackend)
{
    auto file = open();
    part();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->sw_params(buffer_frames, buffer_frames, 256), 0);
    EXPECT_EQ(file->prepare(), 0);
    write(*file, buffer_frames);
    restart();
    expect_the_rest(*file, 0);
}

TEST_P(FarewellTest, WhileOpenIsWaitedFor)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    later(20ms, [this] { part(); });
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_LT(kernel.timeline.now() - start, 50ms);
    write(*file, buffer_frames);
    restart();
    expect_the_rest(*file, 0);
}

TEST_P(FarewellTest, WhileAWriteIsInFlight)
{
    auto file = playing();
    stream().withheld = { Operation::Write };
    kernel.timeline.pass(6ms);
    write(*file, 256);
    part();
    const uint64_t reached = position(*file);
    restart();
    expect_the_rest(*file, reached);
}

TEST_P(FarewellTest, CaptureGoesOn)
{
    fake::remove(device);
    backend.detach();
    kernel.store.set(device.path + "/state", "1");
    configure({ { "0/0/type", "c" } });
    backend.on_attach = [](BackendStream &stream) {
        stream.has_clock = true;
        stream.source = [](uint64_t at) {
            return static_cast<uint8_t>(at / 4);
        };
    };
    connect();
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->start(), 0);
    std::vector<uint8_t> audio(512 * frame_bytes);
    ASSERT_EQ(file->read(audio), 512);
    later(3ms, [this] { part(); });
    later(2s, [this] { restart(); });
    EXPECT_EQ(file->read(audio), 512);
    // The next backend records from its own beginning.
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(audio[0], 0u);
    EXPECT_EQ(audio[511 * frame_bytes], static_cast<uint8_t>(511));
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_P(FarewellTest, OtherConfigurationMakesAnotherCard)
{
    auto file = playing();
    part();
    configure({ { "buffer-size", "32768" } });
    restart();
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
    ASSERT_EQ(card_count(), 1u);
    // The new card works while the old one is still open.
    auto other = prepared();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
    file.reset();
    EXPECT_EQ(other->write(make_audio(3000 * frame_bytes)), 3000);
}

TEST_P(FarewellTest, BackendThatRefusesToGoOnEndsTheCardAtOnce)
{
    auto file = playing();
    part();
    backend.on_attach = [](BackendStream &stream) {
        stream.statuses[Operation::Open] = -22;
    };
    restart();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 0u);
    EXPECT_EQ(state(), XenbusState::Closed); // which has the backend start over
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("refuses to go on"), std::string::npos);
    backend.on_attach = nullptr;
    backend.detach();
    restart();
    EXPECT_EQ(card_count(), 1u);
}

TEST_P(FarewellTest, ConfigurationThatIsNoGoodEndsTheCard)
{
    auto file = playing();
    part();
    configure({ { "buffer-size", "many" } });
    restart();
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(device.errors.size(), 1u);
    file.reset();
    configure({ { "buffer-size", "65536" } });
    restart();
    EXPECT_EQ(card_count(), 1u);
}

TEST_P(FarewellTest, UnboundMeanwhile)
{
    auto file = playing();
    part();
    fake::remove(device);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->write(make_audio(4)), -ENODEV);
}

TEST_P(FarewellTest, ManyTimes)
{
    auto file = playing();
    for (int round = 0; round < 20; round++) {
        part();
        restart(round % 2 == 0 ? XenbusState::InitWait : XenbusState::Initialising);
        ASSERT_EQ(file->write(make_audio(3000 * frame_bytes)), 3000);
        // A backend that comes and goes faster is handled at leisure.
        kernel.timeline.pass(10ms);
        ASSERT_EQ(file->write(make_audio(48000 * frame_bytes)), 48000);
    }
    EXPECT_EQ(file->substream().xruns, 0u);
    file.reset();
    EXPECT_TRUE(complaints().empty());
}

INSTANTIATE_TEST_SUITE_P(
    Backends, FarewellTest,
    ::testing::Values(
        Farewell { "closing", { XenbusState::Closing }, XenbusState::Closed },
        Farewell { "closing, then closed",
                   { XenbusState::Closing, XenbusState::Closed },
                   XenbusState::Reconfiguring },
        Farewell { "closed", { XenbusState::Closed }, XenbusState::Reconfiguring },
        Farewell { "state gone", { XenbusState::Unknown }, XenbusState::Reconfiguring },
        Farewell { "starts over", { XenbusState::Initialising }, XenbusState::Initialising },
        Farewell { "closed, starts over",
                   { XenbusState::Closed, XenbusState::Initialising },
                   XenbusState::Initialising }));

TEST_F(ReconnectTest, BackendThatIsTakenAwayTakesTheCard)
{
    auto file = playing();
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Closing);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
    EXPECT_EQ(card_count(), 0u);
}

TEST_F(ReconnectTest, BackendThatIsTakenAwayWithoutClosing)
{
    for (const XenbusState last :
         { XenbusState::Closed, XenbusState::Unknown, XenbusState::Initialising }) {
        auto file = playing();
        kernel.store.set(device.backend_path + "/online", "0");
        backend.publish(last);
        backend.detach();
        EXPECT_EQ(state(), XenbusState::Closed);
        EXPECT_EQ(file->state(), PcmState::Disconnected);
        EXPECT_EQ(card_count(), 0u);
        file.reset();
        kernel.store.set(device.backend_path + "/online", "1");
        restart();
        EXPECT_EQ(state(), XenbusState::Connected);
    }
}

TEST_F(ReconnectTest, BackendThatIsTakenAwayWhileTheCardWaitsForIt)
{
    auto file = playing();
    kernel.store.set(device.backend_path + "/online", "1");
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(state(), XenbusState::Reconfiguring);
    EXPECT_EQ(file->state(), PcmState::Running);
    kernel.store.set(device.backend_path + "/online", "0");
    backend.publish(XenbusState::Unknown);
    EXPECT_EQ(state(), XenbusState::Closed);
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

// The next connection cannot be made, for each reason that there may be: the card goes on waiting,
// and is connected once it can be.
TEST_F(ReconnectTest, ConnectionThatFailsIsTriedAgain)
{
    size_t failures = 0;
    for (uint64_t call = 0;; call++) {
        ASSERT_LT(call, 100u);
        auto file = playing();
        backend.publish(XenbusState::Closed);
        backend.detach();
        kernel.timeline.pass(2s); // states that come faster are handled at leisure
        kernel.injector.fail_call(call);
        restart();
        kernel.injector.stop();
        if (!kernel.injector.failed()) {
            expect_the_rest(*file, 0);
            break;
        }
        if (state() == XenbusState::Connected)
            continue; // of no consequence, as that of reading "online"
        SCOPED_TRACE(kernel.injector.failed()->function);
        failures++;
        EXPECT_EQ(file->state(), PcmState::Running);
        EXPECT_EQ(card_count(), 1u);
        kernel.timeline.pass(300ms);
        ASSERT_EQ(state(), XenbusState::Initialised);
        backend.connect();
        ASSERT_EQ(state(), XenbusState::Connected);
        expect_the_rest(*file, 0);
    }
    EXPECT_GT(failures, 10u);
}

} // namespace

} // namespace xen_front::test

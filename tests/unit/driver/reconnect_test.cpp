// SPDX-License-Identifier: GPL-2.0-only
// A backend that goes by XenStore and comes back: sndif.h, "Recovery flow". Applications see a
// position that stands still.
#include "reconnect_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using wire::TriggerType;
using namespace std::chrono_literals;

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

// As what comes between the suspension of interrupts and the end of a save.
TEST_P(FarewellTest, ReportsWhoseInterruptNeverCameCount)
{
    auto file = playing();
    stream().is_cut_off = true;
    kernel.timeline.pass(14ms);
    EXPECT_EQ(position(*file), 0u);
    part();
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(position(*file), 512u);
    restart();
    expect_the_rest(*file, 512);
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

// ALSA starts it for drain(), and sends no TRIGGER_DRAIN then.
TEST_P(FarewellTest, DrainedBeforeItWasStarted)
{
    auto file = prepared();
    ASSERT_EQ(file->sw_params(buffer_frames, buffer_frames, 256), 0);
    const auto audio = make_audio(100 * frame_bytes);
    ASSERT_EQ(file->write(audio), 100);
    ASSERT_EQ(file->state(), PcmState::Prepared);
    part();
    later(2s, [this] { restart(); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
}

// The card's maintenance looks at the stream between its START and the state that tells of drain().
TEST_P(FarewellTest, MaintenanceRunsWhileDrainStarts)
{
    auto file = prepared();
    ASSERT_EQ(file->sw_params(buffer_frames, buffer_frames, 256), 0);
    ASSERT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    part();
    uint64_t runs = 0;
    kernel.sound.behind_start = [&] {
        const uint64_t before = kernel.works.runs();
        kernel.timeline.pass(fake::Duration(0));
        runs = kernel.works.runs() - before;
    };
    later(2s, [this] { restart(); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_GT(runs, 0u);
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

INSTANTIATE_TEST_SUITE_P(Backends, FarewellTest, farewells);

} // namespace

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// Playback written in place. dmix begins a new sound at the position that ALSA shows.
#include "free_wheeling_test.hpp"
#include "kshim/entry.h"
#include "kshim/sync.h"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(FreeWheelingTest, PlaysWhatIsInTheBuffer)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms); // two periods are taken
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    EXPECT_EQ(file->substream().periods_elapsed, 1u);
    std::fill(file->buffer().begin(), file->buffer().end(), uint8_t { 0x55 });
    for (uint64_t period = 1; period <= 20; period++) {
        report(period * 256);
        EXPECT_EQ(file->state(), PcmState::Running);
        EXPECT_EQ(file->substream().periods_elapsed, period + 1);
        EXPECT_EQ(file->runtime().hw_ptr, (period + 2) * 256);
        EXPECT_EQ(stream().record.written_bytes, (period + 2) * 256 * frame_bytes);
    }
    // What was in the buffer, once; then what ALSA has put there.
    EXPECT_EQ(stream().record.written[512 * frame_bytes], 0x55);
    EXPECT_EQ(stream().record.written[1536 * frame_bytes - 1], 0x55);
    EXPECT_EQ(stream().record.written[1536 * frame_bytes], 0);
}

TEST_F(FreeWheelingTest, SoundMixedAtAWakeUpIsHeardWhole)
{
    for (const fake::Duration latency : { fake::Duration(0), fake::Duration(3ms) }) {
        SCOPED_TRACE(latency.count());
        if (!has_card())
            connect();
        stream().latency = latency;
        stream().record.written.clear();
        auto file = free_wheeling();
        played_ = 0;
        for (uint32_t seed = 1; seed <= 5; seed++) {
            const uint64_t wakeups = file->substream().periods_elapsed;
            kernel.timeline.pass(5ms);
            while (file->substream().periods_elapsed == wakeups && played_ < 100 * 256)
                play(1);
            const auto sound = make_audio(700 * frame_bytes, seed);
            const uint64_t at = mix(*file, sound);
            play(5);
            expect_heard(sound, at);
        }
        EXPECT_EQ(file->drop(), 0);
    }
}

// The backend reports positions inside a period. No interrupt tells of their WRITEs.
TEST_F(FreeWheelingTest, SoundMixedWithoutWakeUpsIsHeardWhole)
{
    connect();
    auto file = free_wheeling_without_wakeups({ format_s16_le, 48000, 2, 1024, 4096 });
    ASSERT_EQ(stream().opened()->period_sz, 256 * frame_bytes);
    for (uint32_t seed = 1; seed <= 10; seed++) {
        play(1);
        EXPECT_EQ(file->hwsync(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, played_ + 2048);
        const auto sound = make_audio(500 * frame_bytes, seed);
        const uint64_t at = mix(*file, sound);
        play(3);
        expect_heard(sound, at);
    }
}

TEST_F(FreeWheelingTest, BackendThatAnswersLateIsAskedByThePointer)
{
    connect();
    auto file = free_wheeling_without_wakeups({ format_s16_le, 48000, 2, 1024, 4096 });
    kernel.timeline.pass(1ms);
    const uint64_t before = response_interrupts();
    stream().latency = 2ms;
    report(256);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 2048u);
    kernel.timeline.pass(3ms);
    EXPECT_EQ(response_interrupts(), before);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 2304u);
}

// ALSA silences what it is shown: nothing that the backend has neither copied nor played yet.
TEST_F(FreeWheelingTest, PositionWaitsForTheAnswer)
{
    connect();
    stream().withheld = { Operation::Write };
    auto file = free_wheeling();
    report(256);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 256u);
    stream().answer_next();
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    stream().answer_next();
    EXPECT_EQ(file->runtime().hw_ptr, 768u);
    EXPECT_EQ(file->substream().periods_elapsed, 3u);
}

TEST_F(FreeWheelingTest, BufferOfTwoPeriods)
{
    connect();
    auto file = started(open_with({ format_s16_le, 48000, 2, 512, 1024 }));
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->runtime().hw_ptr, 1024u);
    report(played_ += 1024);
    EXPECT_EQ(file->runtime().hw_ptr, 2048u);
    for (uint64_t played = 1536; played <= 8192; played += 512) {
        const auto sound = make_audio(900 * frame_bytes, static_cast<uint32_t>(played));
        const uint64_t at = mix(*file, sound);
        report(played);
        EXPECT_EQ(file->runtime().hw_ptr, played + 1024);
        report(played += 512);
        expect_heard(sound, at);
    }
}

TEST_F(FreeWheelingTest, EachPeriodTakesTwoInterrupts)
{
    connect();
    stream().latency = 1ms;
    auto file = free_wheeling();
    kernel.timeline.pass(5ms);
    const uint64_t events = event_interrupts();
    const uint64_t responses = response_interrupts();
    for (uint64_t period = 1; period <= 20; period++) {
        report(period * 256);
        kernel.timeline.pass(5ms);
    }
    EXPECT_EQ(event_interrupts() - events, 20u);
    EXPECT_EQ(response_interrupts() - responses, 20u);
    EXPECT_EQ(file->substream().periods_elapsed, 21u);
}

TEST_F(FreeWheelingTest, DelayIsWhatWasTakenAndIsNotPlayed)
{
    connect();
    auto file = free_wheeling();
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().delay, 512);
    int64_t delay = 0;
    report(100);
    EXPECT_EQ(file->delay(delay), 0);
    EXPECT_EQ(delay, -100); // the application's pointer is at zero
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->runtime().delay, 0);
}

// An application that begins to tell how far it has written: what it tells is played once.
TEST_F(FreeWheelingTest, PositionWaitsForWhatIsPlayedOnceThePointerMoves)
{
    connect();
    auto file = free_wheeling();
    EXPECT_EQ(file->hwsync(), 0);
    const auto sound = make_audio(600 * frame_bytes);
    const uint64_t at = mix(*file, sound);
    ASSERT_EQ(file->move_appl_ptr(1024), 0);
    ASSERT_EQ(file->move_appl_ptr(1112), 0);
    int64_t delay = 0;
    EXPECT_EQ(file->delay(delay), 0);
    EXPECT_EQ(delay, 1112);
    report(256);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    EXPECT_EQ(file->delay(delay), 0);
    EXPECT_EQ(delay, 856);
    report(1112);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 1112u);
    EXPECT_EQ(file->delay(delay), 0);
    EXPECT_EQ(delay, 0);
    expect_heard(sound, at);
    EXPECT_EQ(stream().record.written.size(), 1112 * frame_bytes);
}

// With LINK timestamps.
TEST_F(FreeWheelingTest, TimeIsOfWhatIsPlayed)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms);
    kshim_pcm_time time = {};
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_FALSE(xen_front_pcm_get_time(file->substream().stream, &time));
    report(100);
    EXPECT_EQ(file->hwsync(), 0);
    ASSERT_TRUE(xen_front_pcm_get_time(file->substream().stream, &time));
    EXPECT_EQ(time.frames, 100u);
    EXPECT_EQ(time.at_us, kshim_now_us());
}

// Of the next run, too, which has played nothing yet, and of one whose application writes.
TEST_F(FreeWheelingTest, TimeIsOfTheRun)
{
    connect();
    auto file = started_again();
    kshim_pcm_time time = {};
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_FALSE(xen_front_pcm_get_time(file->substream().stream, &time));
    EXPECT_EQ(file->drop(), 0);
    report(512);
    EXPECT_EQ(file->sw_params(1024, 1024, 256), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    report(256);
    ASSERT_TRUE(xen_front_pcm_get_time(file->substream().stream, &time));
    EXPECT_EQ(time.frames, 256u);
}

// It is of the moment at which the position moved, also by what is lost.
TEST_F(FreeWheelingTest, TimeIsOfTheNewBackend)
{
    connect();
    auto file = free_wheeling();
    kernel.timeline.pass(1ms);
    report(256);
    lose_backend();
    kernel.timeline.pass(1s);
    backend.connect();
    const uint64_t connected_us = kshim_now_us();
    kernel.timeline.pass(1ms);
    kshim_pcm_time time = {};
    EXPECT_EQ(file->hwsync(), 0);
    ASSERT_TRUE(xen_front_pcm_get_time(file->substream().stream, &time));
    EXPECT_EQ(time.frames, 768u);
    EXPECT_EQ(time.at_us, connected_us);
}

// What the backend has taken and ALSA was not shown is there still: it is given again.
TEST_F(FreeWheelingTest, PositionStandsStillWithoutABackend)
{
    connect();
    auto file = free_wheeling();
    report(100);
    report(150);
    EXPECT_EQ(stream().record.written_bytes, 662 * frame_bytes);
    lose_backend();
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
}

TEST_F(FreeWheelingTest, GoesOnWithANewBackendBehindWhatTheLastOneTook)
{
    connect();
    auto file = free_wheeling();
    report(256);
    EXPECT_EQ(file->runtime().hw_ptr, 768u);
    lose_backend();
    backend.connect();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->runtime().hw_ptr, 1280u);
    const auto sound = make_audio(700 * frame_bytes);
    const uint64_t at = mix(*file, sound) - 768 * frame_bytes;
    for (uint64_t played = 256; played <= 1024; played += 256) {
        report(played);
        EXPECT_EQ(file->runtime().hw_ptr, 1280 + played);
    }
    expect_heard(sound, at);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// A backend that plays a frame, and hangs, again and again: ALSA sees the position move by what
// each session has taken with it.
TEST_F(FreeWheelingTest, WhatIsLostIsNoProgress)
{
    connect();
    auto file = free_wheeling();
    for (int second = 0; second < 15 && file->state() == PcmState::Running; second++) {
        report(1);
        kernel.timeline.pass(1500ms);
    }
    EXPECT_EQ(file->state(), PcmState::Disconnected);
}

// Nothing but the backend says how fast it is.
TEST_F(FreeWheelingTest, TakesFewInterrupts)
{
    connect();
    auto file = free_wheeling();
    const auto &channel = *kernel.event_channels.find(device.backend_domain,
                                                      backend.transport("0/0").event_ring_channel);
    const uint64_t before = channel.interrupts - channel.spurious_interrupts;
    // Twenty times as fast as it should be.
    uint64_t frames = 0;
    for (int millisecond = 0; millisecond < 1000; millisecond++) {
        for (int i = 0; i < 4; i++)
            stream().report_position((frames += 256) * frame_bytes);
        kernel.timeline.pass(1ms);
    }
    EXPECT_GT(channel.spurious_interrupts, 0u);
    EXPECT_LT(channel.interrupts - channel.spurious_interrupts - before, 1000u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// The report of the last that was shown is the one that makes room for the rest.
TEST_F(FreeWheelingTest, RestIsGivenWhenWhatWasShownIsPlayed)
{
    connect();
    auto file = free_wheeling();
    EXPECT_EQ(file->hwsync(), 0);
    ASSERT_EQ(file->runtime().hw_ptr, 512u);
    ASSERT_EQ(file->move_appl_ptr(1024), 0);
    ASSERT_EQ(file->move_appl_ptr(1536), 0);
    EXPECT_EQ(stream().record.written_bytes, 1024 * frame_bytes);
    report(256);
    EXPECT_EQ(stream().record.written_bytes, 1280 * frame_bytes);
    report(512);
    EXPECT_EQ(stream().record.written_bytes, 1536 * frame_bytes);
    report(768);
    EXPECT_EQ(stream().record.written_bytes, 1536 * frame_bytes);
}

TEST_F(FreeWheelingTest, PeriodElapsesOnceWhenThePointerMoves)
{
    connect();
    auto file = started(open_with({ format_s16_le, 48000, 2, 512, 1024 }));
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->hwsync(), 0);
    ASSERT_EQ(file->runtime().hw_ptr, 1024u);
    const uint64_t told = file->substream().periods_elapsed;
    ASSERT_EQ(file->move_appl_ptr(1024), 0);
    ASSERT_EQ(file->move_appl_ptr(2048), 0);
    kernel.timeline.pass(40ms);
    report(512);
    EXPECT_EQ(file->runtime().hw_ptr, 1024u);
    EXPECT_EQ(file->substream().periods_elapsed, told);
    kernel.timeline.pass(40ms);
    report(1024);
    EXPECT_EQ(file->runtime().hw_ptr, 1024u);
    EXPECT_EQ(file->substream().periods_elapsed, told);
    kernel.timeline.pass(11ms);
    report(1536);
    EXPECT_EQ(file->runtime().hw_ptr, 1536u);
    EXPECT_EQ(file->substream().periods_elapsed, told + 1);
}

} // namespace

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// Applications that leave their pointer alone, and write, or read, in place: dmix, dsnoop, and mmap
// of OSS. dmix begins a new sound at the position that ALSA shows.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

class FreeWheelingTest : public DriverTest {
  protected:
    void report(uint64_t frames)
    {
        stream().report_position(frames * frame_bytes);
    }
    void connect_capture()
    {
        configure({ { "0/0/type", "c" } });
        connect();
        stream().source = [](uint64_t at) {
            return static_cast<uint8_t>(at * 7 + at / 256 + 1);
        };
    }
    // ALSA never stops the stream, and silences what was played.
    static std::unique_ptr<PcmFile> started(std::unique_ptr<PcmFile> file)
    {
        const uint64_t boundary = file->params().boundary;
        EXPECT_EQ(file->sw_params(boundary, boundary, 256, 0, boundary), 0);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->start(), 0);
        return file;
    }
    std::unique_ptr<PcmFile> free_wheeling(kshim_direction direction = KSHIM_PLAYBACK)
    {
        return started(open_with(small_params, direction));
    }
    std::unique_ptr<PcmFile> free_wheeling_without_wakeups(const PcmParams &params)
    {
        auto file = open();
        file->wants_no_period_wakeup = true;
        EXPECT_EQ(file->hw_params(params), 0);
        return started(std::move(file));
    }
    // Writes @sound from where ALSA is by its own account. How many bytes lie before that.
    static uint64_t mix(const PcmFile &file, const std::vector<uint8_t> &sound)
    {
        const uint64_t at = file.runtime().hw_ptr * frame_bytes;
        const auto buffer = file.buffer();
        for (size_t i = 0; i < sound.size(); i++)
            buffer[(at + i) % buffer.size()] = sound[i];
        return at;
    }
    // The backend was given @sound from byte @at on.
    void expect_heard(const std::vector<uint8_t> &sound, uint64_t at)
    {
        const std::vector<uint8_t> &written = stream().record.written;
        ASSERT_GE(written.size(), at + sound.size());
        for (size_t i = 0; i < sound.size(); i++)
            ASSERT_EQ(written[at + i], sound[i]) << "byte " << i << " of a sound at " << at;
    }
    uint64_t event_interrupts()
    {
        return kernel.event_channels
            .find(device.backend_domain, backend.transport("0/0").event_ring_channel)
            ->interrupts;
    }
    uint64_t response_interrupts()
    {
        return kernel.event_channels.interrupts(device.backend_domain,
                                                backend.transport("0/0").event_channel);
    }
};

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
        uint64_t played = 0;
        for (uint32_t seed = 1; seed <= 5; seed++) {
            const uint64_t wakeups = file->substream().periods_elapsed;
            kernel.timeline.pass(5ms);
            while (file->substream().periods_elapsed == wakeups && played < 100 * 256) {
                report(played += 256);
                kernel.timeline.pass(5ms);
            }
            const auto sound = make_audio(700 * frame_bytes, seed);
            const uint64_t at = mix(*file, sound);
            for (int i = 0; i < 5; i++) {
                report(played += 256);
                kernel.timeline.pass(5ms);
            }
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
    uint64_t played = 0;
    for (uint32_t seed = 1; seed <= 10; seed++) {
        report(played += 256);
        kernel.timeline.pass(5ms);
        EXPECT_EQ(file->hwsync(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, played + 2048);
        const auto sound = make_audio(500 * frame_bytes, seed);
        const uint64_t at = mix(*file, sound);
        for (int i = 0; i < 3; i++) {
            report(played += 256);
            kernel.timeline.pass(5ms);
        }
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

// ALSA silences what it is shown: nothing that the backend has not copied yet.
TEST_F(FreeWheelingTest, PositionWaitsForTheAnswer)
{
    connect();
    stream().withheld = { Operation::Write };
    auto file = free_wheeling();
    report(256);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 0u);
    stream().answer_next();
    EXPECT_EQ(file->runtime().hw_ptr, 512u);
    stream().answer_next();
    EXPECT_EQ(file->runtime().hw_ptr, 768u);
    EXPECT_EQ(file->substream().periods_elapsed, 2u);
}

TEST_F(FreeWheelingTest, BufferOfTwoPeriods)
{
    connect();
    auto file = started(open_with({ format_s16_le, 48000, 2, 512, 1024 }));
    kernel.timeline.pass(1ms);
    EXPECT_EQ(file->runtime().hw_ptr, 1024u);
    for (uint64_t played = 512; played <= 8192; played += 512) {
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

TEST_F(FreeWheelingTest, GoesOnWithANewBackendBehindWhatTheLastOneTook)
{
    connect();
    auto file = free_wheeling();
    report(256);
    EXPECT_EQ(file->runtime().hw_ptr, 768u);
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
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

// As OSS does it for an application that has let the stream record for long: by FORWARD, which the
// core limits to a buffer where the hardware has NO_REWINDS.
TEST_F(FreeWheelingTest, RecordingThatRanOnCanBeSkipped)
{
    connect_capture();
    auto file = free_wheeling(KSHIM_CAPTURE);
    for (unsigned int period = 1; period <= 16; period++)
        report(period * 256u);
    EXPECT_EQ(file->forward(3072), 3072);
    std::vector<uint8_t> audio(1024 * frame_bytes);
    ASSERT_EQ(file->read(audio), 1024);
    for (size_t i = 0; i < audio.size(); i++)
        ASSERT_EQ(audio[i], stream().source(3072 * frame_bytes + i)) << "byte " << i;
    EXPECT_EQ(file->rewind(10), 10);
    report(17 * 256);
    ASSERT_EQ(file->read(std::span(audio).first(266 * frame_bytes)), 266);
    for (size_t i = 0; i < 266 * frame_bytes; i++)
        ASSERT_EQ(audio[i], stream().source(4086 * frame_bytes + i)) << "byte " << i;
}

// A backend on another processor can answer each READ while it is being notified of it.
TEST_F(FreeWheelingTest, CaptureIsNotKeptByItsBackend)
{
    uint64_t reported = 0;
    uint64_t reads = 0;
    backend.on_attach = [&](BackendStream &stream) {
        stream.is_liar = true;
        stream.before_answer = [&](const wire::Request &request, wire::Response &) {
            if (request.operation == wire::Operation::Read) {
                stream.report_position(reported += request.transfer.length);
                reads++;
            }
            return reads < 100000; // or the test would not end
        };
    };
    connect_capture();
    auto file = free_wheeling(KSHIM_CAPTURE);
    EXPECT_GT(reads, 1u);
    EXPECT_LT(reads, 200u);
    kernel.timeline.pass(20ms);
    EXPECT_LT(reads, 4000u);
}

TEST_F(FreeWheelingTest, CaptureOverwritesTheBuffer)
{
    connect_capture();
    auto file = free_wheeling(KSHIM_CAPTURE);
    for (uint64_t period = 1; period <= 20; period++) {
        report(period * 256);
        EXPECT_EQ(file->hwsync(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, period * 256);
    }
    EXPECT_EQ(file->state(), PcmState::Running);
}

} // namespace

} // namespace xen_front::test

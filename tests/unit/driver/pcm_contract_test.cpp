// SPDX-License-Identifier: GPL-2.0-only
// What ALSA's core does that is easily overlooked: drains, pauses, resets, and applications that
// leave their pointer alone.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

class PcmContractTest : public DriverTest {
  protected:
    std::unique_ptr<PcmFile> capturing()
    {
        auto file = open_with(small_params, KSHIM_CAPTURE);
        EXPECT_EQ(file->sw_params(1, 1024, 256), 0);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->start(), 0);
        return file;
    }
};

// ALSA lets OSS's applications have other parameters while they have the buffer mapped.
TEST_F(PcmContractTest, MappedBufferStays)
{
    connect();
    auto file = prepared();
    const size_t grants = kernel.memory.grant_count();
    const auto buffer = file->buffer();
    file->is_oss = true;
    file->set_mapped(true);
    EXPECT_EQ(file->hw_params(small_params), -EBUSY);
    // ALSA has called hw_free().
    EXPECT_EQ(file->state(), PcmState::Open);
    EXPECT_EQ(file->buffer().data(), buffer.data());
    EXPECT_EQ(kernel.memory.grant_count(), grants);
    backend.publish(XenbusState::Closed);
    backend.detach();
    buffer[0] = 1;
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(file->hw_params(small_params), -EBUSY);
    file->set_mapped(false);
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(kernel.memory.grant_count(), grants);
}

TEST_F(PcmContractTest, MappedBufferGoesWithItsFile)
{
    connect();
    const size_t idle = kernel.memory.grant_count();
    auto file = prepared();
    file->is_oss = true;
    file->set_mapped(true);
    EXPECT_EQ(file->hw_params(small_params), -EBUSY);
    file->set_mapped(false);
    file.reset();
    EXPECT_EQ(kernel.memory.grant_count(), idle);
}

// Kernels that do not keep mmap() and hw_params() apart let an application map the old buffer while
// the driver waits for the backend to close it.
TEST_F(PcmContractTest, BufferThatIsMappedDuringHwParamsStays)
{
    connect();
    auto file = prepared();
    const auto buffer = file->buffer();
    stream().withheld = { Operation::Close };
    kernel.timeline.after(10ms, [&] { file->set_mapped(true); });
    EXPECT_EQ(file->hw_params(small_params), -EBUSY);
    EXPECT_EQ(file->buffer().data(), buffer.data());
    buffer[0] = 1;
    file->set_mapped(false);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(file->hw_params(small_params), 0);
}

// The application maps the buffer while another thread of its waits in hw_free().
TEST_F(PcmContractTest, BufferThatIsMappedDuringHwFreeStays)
{
    connect();
    const size_t idle = kernel.memory.grant_count();
    auto file = prepared();
    const auto buffer = file->buffer();
    stream().withheld = { Operation::Close };
    kernel.timeline.after(10ms, [&] {
        file->set_mapped(true);
        stream().withheld.clear();
        stream().answer_all();
    });
    EXPECT_EQ(file->hw_free(), 0);
    buffer[0] = 1;
    file->set_mapped(false);
    file.reset();
    EXPECT_EQ(kernel.memory.grant_count(), idle);
}

// The second drain of a capture stream, as after -EAGAIN with O_NONBLOCK, gets TRIGGER_DRAIN.
TEST_F(PcmContractTest, DrainOfCaptureKeepsWhatIsNotReadYet)
{
    connect_capture();
    auto file = capturing();
    report(512);
    std::vector<uint8_t> first(100 * frame_bytes);
    ASSERT_EQ(file->read(first), 100);
    file->is_nonblocking = true;
    EXPECT_EQ(file->drain(), -EAGAIN);
    (void)file->drain();
    const auto buffer = file->buffer();
    for (uint64_t at = 100 * frame_bytes; at < 512 * frame_bytes; at++)
        ASSERT_EQ(buffer[at], static_cast<uint8_t>(at * 7 + at / 256 + 1)) << "byte " << at;
}

TEST_F(PcmContractTest, PositionReportedWhilePausedCounts)
{
    connect();
    auto file = prepared({ format_s16_le, 48000, 2, 256, 512 });
    ASSERT_EQ(file->write(make_audio(512 * frame_bytes)), 512);
    ASSERT_EQ(file->pause(true), 0);
    report(256); // was on its way when PAUSE came
    const uint64_t wakeups = file->substream().wakeups;
    ASSERT_EQ(file->pause(false), 0);
    kernel.timeline.pass(1ms);
    EXPECT_GT(file->substream().wakeups, wakeups); // an application that polls hears of the room
    EXPECT_EQ(file->avail(), 256u);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    report(512);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// ALSA's core believes that a stream has played while it was paused.
TEST_F(PcmContractTest, PauseDoesNotMovePositions)
{
    connect();
    auto file = prepared();
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    report(256);
    ASSERT_EQ(file->pause(true), 0);
    kernel.timeline.pass(10s);
    ASSERT_EQ(file->pause(false), 0);
    report(300);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 300u);
    report(1024); // all that there was
    EXPECT_EQ(file->state(), PcmState::Xrun);
    EXPECT_EQ(file->runtime().hw_ptr, 1024u);
}

// Without period interrupts ALSA's core believes that a stream plays as time passes.
TEST_F(PcmContractTest, TimeDoesNotMovePositions)
{
    connect();
    auto file = open();
    file->wants_no_period_wakeup = true;
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->sw_params(1024, 1024, 256), 0);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    for (int i = 0; i < 8; i++) {
        kernel.timeline.pass(1s);
        EXPECT_EQ(file->hwsync(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, 0u);
    }
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(PcmContractTest, CaptureWithReadsThatTakeLongerThanAPeriod)
{
    connect_capture();
    stream().withheld = { Operation::Read };
    auto file = capturing();
    file->is_nonblocking = true;
    report(256);
    for (unsigned int i = 2; i <= 40; i++) {
        report(256u * i);
        stream().answer_next(); // the READ of a period ago
        std::vector<uint8_t> audio(256 * frame_bytes);
        ASSERT_EQ(file->read(audio), 256) << "period " << i;
    }
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_F(PcmContractTest, WritesGoOnAfterReset)
{
    connect();
    auto file = prepared();
    file->sw_params(1, 1024, 256);
    ASSERT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    stream().play(50 * frame_bytes);
    EXPECT_EQ(file->substream().reset(), 0);
    EXPECT_EQ(file->write(make_audio(10 * frame_bytes)), 10);
    EXPECT_EQ(file->write(make_audio(200 * frame_bytes)), 200);
    EXPECT_EQ(file->state(), PcmState::Running);
}

// Sound servers have the stop threshold beyond the buffer, but say how far they have written.
TEST_F(PcmContractTest, ServerThatIsLateLosesNothing)
{
    connect();
    auto file = open_with(small_params);
    const uint64_t boundary = file->params().boundary;
    EXPECT_EQ(file->sw_params(boundary, boundary, 256), 0);
    EXPECT_EQ(file->prepare(), 0);
    const auto audio = make_audio(1500 * frame_bytes);
    EXPECT_EQ(file->write({ audio.data(), 512 * frame_bytes }), 512);
    EXPECT_EQ(file->start(), 0);
    report(~uint64_t { 0 } / 8);
    EXPECT_EQ(file->state(), PcmState::Running);
    EXPECT_EQ(file->avail(), 1024u);
    EXPECT_EQ(file->write({ audio.data() + 512 * frame_bytes, 988 * frame_bytes }), 988);
    EXPECT_EQ(stream().record.written, audio);
}

// ALSA does not tell by a trigger that it drains a stream which it has to start for that.
TEST_F(PcmContractTest, ShortSoundThatIsDrainedIsNoXrun)
{
    connect();
    stream().has_clock = true; // and reports whole periods
    auto file = prepared();
    const auto audio = make_audio(100 * frame_bytes);
    EXPECT_EQ(file->write(audio), 100);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
}

TEST_F(PcmContractTest, ShortSoundWhoseBackendIsFasterThanAnyWork)
{
    connect();
    auto file = prepared();
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    kernel.timeline.after(0ms, [&] { report(100); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->substream().xruns, 0u);
}

TEST_F(PcmContractTest, DrainIsNotLateForAVolumeThatIsNotAnswered)
{
    connect();
    stream().has_clock = true;
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    auto &volume = *kernel.sound.visible_cards().at(0)->find_control("PCM Playback Volume");
    EXPECT_EQ(volume.write(std::vector<uint32_t>(8, 100)), 0);
    EXPECT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->drain(), 0);
    EXPECT_LT(kernel.timeline.now() - start, 30ms);
}

TEST_F(PcmContractTest, PrepareWaitsOnce)
{
    connect();
    stream().latency = 10ms;
    auto file = open_with(small_params);
    auto &card = *kernel.sound.visible_cards().at(0);
    EXPECT_EQ(card.find_control("PCM Playback Volume")->write(std::vector<uint32_t>(8, 100)), 0);
    EXPECT_EQ(card.find_control("PCM Playback Switch")->write({ 0, 1, 0, 1, 1, 1, 1, 1 }), 0);
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(kernel.timeline.now() - start, 10ms);
    // Volumes and mutes come together, and before the stream is started.
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    kernel.timeline.pass(10ms);
    EXPECT_EQ(stream().volumes[0], -95000);
    EXPECT_TRUE(stream().muted[0]);
    EXPECT_FALSE(stream().muted[1]);
    EXPECT_TRUE(stream().is_running());
}

} // namespace

} // namespace xen_front::test

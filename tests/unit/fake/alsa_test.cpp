// SPDX-License-Identifier: GPL-2.0-only
// What the fake ALSA core does because the kernel's does it. Each test names the kernel's function.
#include <algorithm>

#include "unit/driver/driver_test.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;
using fake::Release;

class FakeAlsaTest : public DriverTest {
  protected:
    void connect_two_streams()
    {
        configure({ { "0/1/type", "p" }, { "0/1/unique-id", "second" } });
        connect();
    }
    std::unique_ptr<PcmFile> running()
    {
        auto file = prepared();
        EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    std::unique_ptr<PcmFile> running_capture()
    {
        configure({ { "0/0/type", "c" } });
        connect();
        stream().source = [](uint64_t at) {
            return static_cast<uint8_t>(at);
        };
        auto file = open_with(small_params, KSHIM_CAPTURE);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->start(), 0);
        return file;
    }
    static size_t count(const PcmFile &file, kshim_trigger command)
    {
        const auto &triggers = file.substream().triggers;
        return static_cast<size_t>(std::count(triggers.begin(), triggers.end(), command));
    }
    static std::unique_ptr<PcmFile> without_period_wakeup(std::unique_ptr<PcmFile> file,
                                                          const PcmParams &params)
    {
        file->wants_no_period_wakeup = true;
        EXPECT_EQ(file->hw_params(params), 0);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->start(), -EPIPE); // nothing to play
        EXPECT_EQ(file->write(make_audio(file->bytes(params.buffer_frames))), params.buffer_frames);
        return file;
    }
};

// ---- snd_pcm_update_hw_ptr0(): interrupts in less than a period ----

TEST_F(FakeAlsaTest, InterruptTooEarlyMovesNothing)
{
    connect();
    auto file = running();
    file->substream().period_elapsed();
    EXPECT_EQ(file->runtime().hw_ptr, 0u);
    EXPECT_EQ(file->state(), PcmState::Running);
}

TEST_F(FakeAlsaTest, LookingAtThePositionResetsTheClock)
{
    connect();
    auto file = running();
    kernel.timeline.pass(20ms);
    EXPECT_EQ(file->hwsync(), 0);
    file->substream().period_elapsed();
    EXPECT_EQ(file->state(), PcmState::Running);
}

// ---- snd_pcm_do_drain_init() and trigger_master ----

TEST_F(FakeAlsaTest, DrainOfWhatRunsTriggersEachTime)
{
    connect();
    auto file = running();
    file->is_nonblocking = true;
    EXPECT_EQ(file->drain(), -EAGAIN);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_DRAIN), 1u);
    EXPECT_EQ(file->drain(), -EAGAIN);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_DRAIN), 2u);
}

TEST_F(FakeAlsaTest, DrainThatStartsTheStreamTriggersTheSecondTime)
{
    connect();
    auto file = prepared();
    ASSERT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    file->is_nonblocking = true;
    EXPECT_EQ(file->drain(), -EAGAIN);
    EXPECT_EQ(file->state(), PcmState::Draining);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_START), 1u);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_DRAIN), 0u);
    EXPECT_EQ(file->drain(), -EAGAIN);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_DRAIN), 1u);
}

TEST_F(FakeAlsaTest, SecondDrainOfCaptureTriggers)
{
    auto file = running_capture();
    stream().report_position(256 * frame_bytes);
    ASSERT_GT(file->avail(), 0u);
    file->is_nonblocking = true;
    EXPECT_EQ(file->drain(), -EAGAIN);
    EXPECT_EQ(file->state(), PcmState::Draining);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_STOP), 1u);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_DRAIN), 0u);
    EXPECT_EQ(file->hwsync(), -EBADFD); // do_pcm_hwsync()
    EXPECT_EQ(file->drain(), -EAGAIN);
    EXPECT_EQ(count(*file, KSHIM_TRIGGER_DRAIN), 1u);
}

// ---- waits ----

// snd_pcm_drain(): 100 ms, or a buffer and a tenth, from one wake-up to the next.
TEST_F(FakeAlsaTest, DrainWithoutProgressEndsInTime)
{
    connect();
    auto file = running();
    const auto start = kernel.timeline.now();
    // The driver keeps the core from giving up after 100 ms, until the card is unplugged.
    EXPECT_EQ(file->drain(), -ENODEV);
    EXPECT_GE(kernel.timeline.now() - start, 10s);
    EXPECT_LE(kernel.timeline.now() - start, 12s);
}

// wait_for_avail(): substream->wait_time, if it is set.
TEST_F(FakeAlsaTest, WriteWithoutProgressEndsInTime)
{
    connect();
    auto file = running();
    file->substream().runtime.wait_limit_ms = 40;
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->write(make_audio(4)), -EIO);
    EXPECT_EQ(kernel.timeline.now() - start, 40ms);
}

TEST_F(FakeAlsaTest, SignalEndsAWait)
{
    connect();
    auto file = running();
    kernel.timeline.after(5ms, [&] { file->is_signalled = true; });
    EXPECT_EQ(file->write(make_audio(4)), -PcmFile::ERESTARTSYS);
    EXPECT_EQ(file->drain(), -PcmFile::ERESTARTSYS);
}

// ---- snd_pcm_action(): linked substreams ----

TEST_F(FakeAlsaTest, LinkedStreamsStartAndStopTogether)
{
    connect_two_streams();
    auto first = prepared();
    auto second = prepared();
    ASSERT_EQ(first->link(*second), 0);
    EXPECT_EQ(first->link(*second), -EALREADY);
    ASSERT_EQ(second->write(make_audio(512 * frame_bytes)), 512);
    ASSERT_EQ(first->start(), -EPIPE); // one of them has nothing to play
    EXPECT_EQ(second->state(), PcmState::Prepared);
    ASSERT_EQ(first->write(make_audio(1024 * frame_bytes)), 1024);
    EXPECT_EQ(first->state(), PcmState::Running);
    EXPECT_EQ(second->state(), PcmState::Running);
    first->substream().with_lock([&] { first->substream().xrun(); });
    EXPECT_EQ(first->state(), PcmState::Xrun);
    EXPECT_EQ(second->state(), PcmState::Xrun);
    EXPECT_EQ(count(*second, KSHIM_TRIGGER_STOP), 1u);
}

// relink_to_local(): the last one is alone, and snd_pcm_release_substream() unlinks after .close.
TEST_F(FakeAlsaTest, StreamsAreUnlinked)
{
    connect_two_streams();
    auto first = prepared();
    auto second = open();
    EXPECT_EQ(first->link(*second), -EBADFD); // has no parameters
    ASSERT_EQ(second->hw_params(small_params), 0);
    ASSERT_EQ(second->prepare(), 0);
    ASSERT_EQ(first->link(*second), 0);
    ASSERT_EQ(second->unlink(), 0);
    EXPECT_EQ(first->substream().group, nullptr);
    EXPECT_EQ(first->unlink(), -EALREADY);
    ASSERT_EQ(first->link(*second), 0);
    second.reset();
    EXPECT_EQ(first->substream().group, nullptr);
}

// snd_pcm_drain_done() is not for the group.
TEST_F(FakeAlsaTest, DrainedStreamStopsAlone)
{
    connect_two_streams();
    auto first = running();
    auto second = running();
    ASSERT_EQ(first->link(*second), 0);
    first->is_nonblocking = true;
    ASSERT_EQ(first->drain(), -EAGAIN);
    EXPECT_EQ(second->state(), PcmState::Draining);
    first->substream().with_lock([&] { first->substream().end_drain(); });
    EXPECT_EQ(first->state(), PcmState::Setup);
    EXPECT_EQ(second->state(), PcmState::Draining);
}

// ---- what is refused ----

TEST_F(FakeAlsaTest, PrepareOfWhatRunsIsRefused)
{
    connect();
    auto file = running();
    EXPECT_EQ(file->prepare(), -EBUSY); // snd_pcm_pre_prepare()
    ASSERT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->prepare(), 0); // snd_pcm_prepare() stops it
}

// pcm_lib_apply_appl_ptr(), and rewind_appl_ptr() hides it.
TEST_F(FakeAlsaTest, RewindIsRefusedOnlyWhereTheHardwareSaysSo)
{
    connect();
    auto file = running();
    EXPECT_EQ(file->move_appl_ptr(1000), -EINVAL);
    EXPECT_EQ(file->rewind(24), 0);
    EXPECT_EQ(file->runtime().appl_ptr, 1024u);
}

// snd_pcm_post_reset() moves the pointer without .ack.
TEST_F(FakeAlsaTest, ResetTellsTheDriverNothing)
{
    connect();
    auto file = prepared();
    ASSERT_EQ(file->write(make_audio(100 * frame_bytes)), 100);
    const size_t requests = stream().record.requests.size();
    ASSERT_EQ(file->reset(), 0);
    EXPECT_EQ(file->runtime().appl_ptr, 0u);
    EXPECT_EQ(stream().record.requests.size(), requests);
}

// ---- snd_pcm_playback_silence() ----

TEST_F(FakeAlsaTest, SilenceFollowsWhatWasWritten)
{
    for (const Release release : { Release::Linux6_1, Release::Linux6_12, Release::Linux7_3 }) {
        kernel.sound.kernel_release = release;
        if (!device.is_bound)
            connect();
        auto file = open_with(small_params);
        ASSERT_EQ(file->sw_params(256, 1024, 256, 512, 512), 0);
        ASSERT_EQ(file->prepare(), 0);
        std::fill(file->buffer().begin(), file->buffer().end(), uint8_t { 0x55 });
        ASSERT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
        ASSERT_EQ(file->state(), PcmState::Running);
        // 256 frames of audio and as many of silence are the threshold.
        EXPECT_EQ(file->buffer()[256 * frame_bytes], 0);
        EXPECT_EQ(file->buffer()[512 * frame_bytes - 1], 0);
        EXPECT_EQ(file->buffer()[512 * frame_bytes], 0x55);
    }
}

} // namespace

} // namespace xen_front::test

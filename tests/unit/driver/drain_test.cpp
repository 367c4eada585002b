// SPDX-License-Identifier: GPL-2.0-only
// Drains of playback: whole periods are played, and what was written is heard.
#include <algorithm>

#include "playback_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

TEST_F(PlaybackTest, DrainPadsTheLastPeriodWithSilence)
{
    stream().has_clock = true;
    auto file = prepared({ 1, 8000, 1, 200, 800 }); // u8
    const auto audio = make_audio(530);
    EXPECT_EQ(file->write(audio), 530);
    EXPECT_EQ(file->state(), PcmState::Prepared);
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    // Three periods of 25 ms, and not one more.
    EXPECT_LE(kernel.timeline.now() - start, 80ms);
    auto expected = audio;
    expected.resize(600, 0x80);
    EXPECT_EQ(stream().record.written, expected);
    // ALSA is not told of the silence; only the backend is.
    EXPECT_EQ(file->runtime().hw_ptr, 530u);
}

TEST_F(PlaybackTest, DrainOfWholePeriodsSendsNothingMore)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(1024 * frame_bytes);
    file->write(audio);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(stream().record.written, audio);
}

// drain() starts what is less than the start threshold, of which ALSA does not tell the driver.
TEST_F(PlaybackTest, DrainOfLessThanAPeriodThatWasNotStarted)
{
    auto file = prepared();
    file->sw_params(1024, 1024, 1);
    const auto audio = make_audio(100 * frame_bytes);
    ASSERT_EQ(file->write(audio), 100);
    ASSERT_EQ(file->state(), PcmState::Prepared);
    // A backend that reports whole periods only, and plays what comes in time.
    kernel.timeline.after(6ms, [this] {
        if (stream().record.written_bytes >= 256 * frame_bytes)
            stream().play(256 * frame_bytes);
    });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_TRUE(std::equal(audio.begin(), audio.end(), stream().record.written.begin()));
    EXPECT_EQ(written_frames(*file), 256u);
}

// The backend has reported the last period that was whole, and reports nothing before the next is.
TEST_F(PlaybackTest, DrainPadsAPeriodThatHasBegun)
{
    auto file = prepared();
    file->sw_params(1, 1024, 1);
    ASSERT_EQ(file->write(make_audio(300 * frame_bytes)), 300);
    stream().play(256 * frame_bytes);
    kernel.timeline.pass(1ms);
    kernel.timeline.after(5ms, [this] {
        EXPECT_EQ(stream().record.written_bytes, 512 * frame_bytes);
        if (stream().record.written_bytes == 512 * frame_bytes)
            stream().play(256 * frame_bytes);
    });
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->drain(), 0);
    EXPECT_LE(kernel.timeline.now() - start, 6ms);
}

TEST_F(PlaybackTest, DrainOfWhatWasNotStartedOnABackendThatPlaysOn)
{
    auto file = prepared();
    file->sw_params(1024, 1024, 1);
    ASSERT_EQ(file->write(make_audio(300 * frame_bytes)), 300);
    // Silence of its own after the last frame is no underrun.
    kernel.timeline.after(12ms, [this] { stream().report_position(600 * frame_bytes); });
    EXPECT_EQ(file->drain(), 0);
}

TEST_F(PlaybackTest, DrainOfNothing)
{
    auto file = prepared();
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(writes(), 0u);
}

// A stream without a stop threshold runs on when all is played. ALSA has seen that.
class DrainOfWhatWasSeen : public PlaybackTest {
  protected:
    std::unique_ptr<PcmFile> played()
    {
        auto file = prepared();
        const uint64_t boundary = file->params().boundary;
        EXPECT_EQ(file->sw_params(1, boundary, 256), 0);
        EXPECT_EQ(file->write(make_audio(512 * frame_bytes)), 512);
        stream().play(512 * frame_bytes);
        EXPECT_EQ(file->hwsync(), 0);
        EXPECT_EQ(file->runtime().hw_ptr, 512u);
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    void expect_end_of(PcmFile &file)
    {
        const auto start = kernel.timeline.now();
        EXPECT_EQ(file.drain(), 0);
        EXPECT_EQ(file.state(), PcmState::Setup);
        EXPECT_LE(kernel.timeline.now() - start, 100ms);
    }
};

TEST_F(DrainOfWhatWasSeen, Ends)
{
    auto file = played();
    expect_end_of(*file);
    // And all begins anew.
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->write(make_audio(256 * frame_bytes)), 256);
    stream().play(256 * frame_bytes);
    EXPECT_EQ(file->hwsync(), 0);
    EXPECT_EQ(file->runtime().hw_ptr, 256u);
}

TEST_F(DrainOfWhatWasSeen, EndsWithoutABackend)
{
    auto file = played();
    backend.detach();
    expect_end_of(*file);
}

TEST_F(DrainOfWhatWasSeen, EndsForACallerThatDoesNotWait)
{
    auto file = played();
    file->is_nonblocking = true;
    EXPECT_EQ(file->drain(), -EAGAIN);
    kernel.timeline.pass(100ms);
    EXPECT_EQ(file->state(), PcmState::Setup);
}

TEST_F(PlaybackTest, DrainWithAFullWindow)
{
    auto file = prepared();
    file->sw_params(1024, 1024, 1);
    stream().withheld = { Operation::Write };
    const auto audio = make_audio(900 * frame_bytes);
    for (int i = 0; i < 90; i++)
        file->write(
            std::span(audio).subspan(static_cast<size_t>(i) * 10 * frame_bytes, 10 * frame_bytes));
    kernel.timeline.after(10ms, [this] {
        stream().withheld.clear();
        stream().answer_all();
    });
    kernel.timeline.after(20ms, [this] { stream().play(1024 * frame_bytes); });
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(written_frames(*file), 1024u);
}

// A backend that reports whole periods only, and a buffer that is no whole number of them: what
// does not fit the buffer at first has to be padded later.
TEST_F(PlaybackTest, DrainPadsWhenThereIsRoom)
{
    auto file = prepared({ format_s16_le, 48000, 2, 300, 1000 });
    file->write(make_audio(1000 * frame_bytes));
    for (int period = 1; period <= 4; period++)
        kernel.timeline.after(6ms * period, [this] {
            if (stream().record.written_bytes - stream().position() >= 300 * frame_bytes)
                stream().play(300 * frame_bytes);
        });
    EXPECT_EQ(file->drain(), 0);
}

TEST_F(PlaybackTest, DrainWhilePaused)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(1024 * frame_bytes);
    file->write(audio);
    ASSERT_EQ(file->pause(true), 0);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(stream().record.written, audio);
}

} // namespace

} // namespace xen_front::test

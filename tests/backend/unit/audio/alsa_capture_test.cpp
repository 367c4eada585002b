// SPDX-License-Identifier: GPL-2.0-only
//
// Capture from a card, frame for frame.
#include <gtest/gtest.h>

#include "audio/alsa_device.hpp"
#include "unit/audio/alsa_failures.h"
#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

class AlsaCaptureTest : public ::testing::Test {
  protected:
    explicit AlsaCaptureTest(std::uint32_t buffer_bytes = 16'384)
        : device_("null", { stereo, buffer_bytes, 4096, {} }, gain_, listener_)
    {
        captured_octets = 0;
        shown_room = 0;
    }
    // The card has captured so many frames more, and the stream's thread looks.
    std::optional<std::uint64_t> capture(snd_pcm_sframes_t frames)
    {
        *shown_room += frames;
        return device_.service(now_ += 1ms, {});
    }
    // The next READ is answered with the octets from there.
    void expect_read(std::size_t octets, std::uint64_t offset)
    {
        std::vector<std::byte> data(octets);
        EXPECT_EQ(device_.transfer(data, now_), offset);
        EXPECT_EQ(data, numbered(octets, offset));
    }
    void expect_nothing_to_read()
    {
        std::vector<std::byte> data(4);
        EXPECT_FALSE(device_.transfer(data, now_));
    }

    const ShownCard card_;
    Gain gain_;
    RecordingListener listener_;
    Time now_ = monotonic_now();
    AlsaCapture device_;
};

TEST_F(AlsaCaptureTest, HandsOutEachFrameOnceInOrder)
{
    device_.start(now_);
    EXPECT_EQ(capture(1024), 4096U);
    expect_read(1024, 0);
    expect_read(3072, 1024);
    expect_nothing_to_read();
    EXPECT_FALSE(capture(1023));
    EXPECT_EQ(capture(1), 8192U);
    expect_read(4096, 4096);
    expect_nothing_to_read();
    EXPECT_EQ(listener_.lost, 0U);
}

TEST_F(AlsaCaptureTest, TakesAllThatTheCardHasHoweverLittleItGivesAtATime)
{
    most_read = 100;
    device_.start(now_);
    EXPECT_EQ(capture(1024), 4096U);
    expect_read(4096, 0);
}

TEST_F(AlsaCaptureTest, WaitsForTheRestOfAPeriod)
{
    device_.start(now_);
    EXPECT_EQ(awaited_frames, 1024U);
    EXPECT_FALSE(capture(256));
    EXPECT_EQ(awaited_frames, 768U);
    EXPECT_EQ(capture(768), 4096U);
    EXPECT_EQ(awaited_frames, 1024U);
}

TEST_F(AlsaCaptureTest, LosesTheOldestFrames)
{
    device_.start(now_);
    (void)capture(4096);
    EXPECT_EQ(listener_.lost, 0U);
    (void)capture(100);
    EXPECT_EQ(listener_.lost, 400U);
    expect_read(16'384, 400);
    // More than the buffer at once.
    (void)capture(100);
    (void)capture(5000);
    EXPECT_EQ(listener_.lost, 400U + 400 + (5000 - 4096) * 4);
    expect_read(16'384, 16'384 + 400 + 400 + (5000 - 4096) * 4);
    expect_nothing_to_read();
    // Of an empty one.
    (void)capture(5000);
    EXPECT_EQ(listener_.lost, 400U + 400 + 2 * (5000 - 4096) * 4);
}

class OddBuffer : public AlsaCaptureTest {
  protected:
    OddBuffer() : AlsaCaptureTest(16'386)
    {
    }
};

TEST_F(OddBuffer, LosesWholeFrames)
{
    device_.start(now_);
    (void)capture(4096);
    (void)capture(1);
    EXPECT_EQ(listener_.lost, 4U);
    expect_read(16'384, 4);
    (void)capture(4097);
    EXPECT_EQ(listener_.lost, 8U);
    expect_read(16'384, 16'388 + 4);
}

// What was captured before STOP can still be read, what comes after it is not.
TEST_F(AlsaCaptureTest, StopTakesWhatTheCardHas)
{
    device_.start(now_);
    *shown_room = 512;
    const unsigned before = drops;
    device_.stop(now_);
    EXPECT_EQ(drops, before + 1);
    *shown_room = 512;
    device_.stop(now_);
    EXPECT_FALSE(capture(512));
    EXPECT_FALSE(device_.deadline());
    expect_read(2048, 0);
    expect_nothing_to_read();
}

TEST_F(AlsaCaptureTest, StartForgetsWhatWasNotRead)
{
    device_.start(now_);
    (void)capture(256);
    device_.stop(now_);
    device_.start(now_);
    expect_nothing_to_read();
    EXPECT_FALSE(capture(256)) << "a period counts from the start";
    expect_read(1024, 1024);
    EXPECT_EQ(capture(768), 1024U + 4096);
}

// sndif has the volume of capture, too.
TEST_F(AlsaCaptureTest, SetsTheVolume)
{
    gain_.set_muted(0, true);
    device_.start(now_);
    (void)capture(1);
    std::vector<std::byte> data(4);
    EXPECT_TRUE(device_.transfer(data, now_));
    const std::vector<std::byte> captured = numbered(4);
    EXPECT_EQ(data, (std::vector { std::byte {}, std::byte {}, captured[2], captured[3] }));
}

// 200 times a second, and not as fast as the thread can.
TEST_F(AlsaCaptureTest, ACardThatDoesNotStartIsTriedALittleLater)
{
    failure = -EAGAIN;
    failing_place = start;
    device_.start(now_);
    const std::optional<Time> retry = device_.deadline();
    ASSERT_TRUE(retry);
    EXPECT_GE(*retry, now_ + 5ms);
    std::vector<pollfd> descriptors;
    device_.add_descriptors(descriptors);
    EXPECT_TRUE(descriptors.empty()) << "they would be ready all the time";
    failing_place = start;
    EXPECT_FALSE(device_.service(*retry - 1ns, {}));
    EXPECT_EQ(failing_place, unsigned { start }) << "it was tried too early";
    EXPECT_FALSE(device_.service(*retry, {}));
    EXPECT_EQ(failing_place, unsigned { none });
    EXPECT_TRUE(device_.deadline());
    device_.stop(*retry);
    EXPECT_FALSE(device_.deadline()) << "and not after STOP";
    device_.start(*retry);
    device_.add_descriptors(descriptors);
    EXPECT_FALSE(descriptors.empty());
    EXPECT_TRUE(listener_.errors.empty());
}

TEST_F(AlsaCaptureTest, AFailureIsToldOnce)
{
    device_.start(now_);
    failure = -ENODEV;
    failing_place = avail;
    EXPECT_EQ(capture(0), 4096U) << "so that the guest reads, and is refused";
    EXPECT_FALSE(capture(0));
    std::vector<std::byte> data(4);
    EXPECT_THROW((void)device_.transfer(data, now_), Refusal);
    EXPECT_THROW(device_.start(now_), Refusal);
    EXPECT_THROW(device_.resume(now_), Refusal);
    EXPECT_EQ(listener_.errors.size(), 1U);
}

} // namespace
} // namespace sndback

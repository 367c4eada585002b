// SPDX-License-Identifier: GPL-2.0-only
//
// When a stream on an ALSA PCM waits for its descriptors. alsa-lib's null PCM, whose descriptor is
// always ready, does as the plugins of sound servers do while the server takes more.
#include <gtest/gtest.h>

#include "audio/alsa_device.hpp"
#include "unit/audio/alsa_failures.h"
#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

std::vector<pollfd> descriptors_of(const PcmDevice &device)
{
    std::vector<pollfd> descriptors;
    device.add_descriptors(descriptors);
    return descriptors;
}

TEST(AlsaWakeup, APcmThatIsReadyTooEarlyIsLookedAtWhenAPeriodIsOver)
{
    RecordingListener listener;
    const Gain gain;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    auto data = numbered(4096);
    ASSERT_TRUE(device.transfer(data, 0ms));
    EXPECT_TRUE(descriptors_of(device).empty()) << "it does not run";
    device.start(0ms);
    std::vector<pollfd> ready = descriptors_of(device);
    ASSERT_FALSE(ready.empty());
    for (pollfd &descriptor : ready)
        descriptor.revents = POLLOUT;
    (void)device.service(0ms, ready);
    EXPECT_TRUE(descriptors_of(device).empty());
    const std::optional<Time> deadline = device.deadline();
    ASSERT_TRUE(deadline);
    // A period takes 21.3 ms.
    EXPECT_GE(*deadline, 21ms);
    EXPECT_LE(*deadline, 48ms);
    (void)device.service(*deadline, {});
    EXPECT_FALSE(descriptors_of(device).empty());
}

TEST(AlsaWakeup, RequestsMayWaitUntilAPeriodIsLeft)
{
    RecordingListener listener;
    const Gain gain;
    AlsaPlayback device("null", alsa_parameters, gain, listener);
    auto data = numbered(alsa_parameters.buffer_bytes);
    ASSERT_TRUE(device.transfer(data, 0ms));
    EXPECT_EQ(device.patience(0ms), 0ms) << "it does not run";
    device.start(0ms);
    EXPECT_EQ(device.patience(0ms), 50ms);
    // This PCM plays at once.
    (void)device.service(0ms, {});
    EXPECT_EQ(device.patience(0ms), 0ms);
}

// A card with a buffer of a quarter of the guest's period, or as large as the guest's, that is
// ready whenever it is asked.
class AlsaWakeupOfPlayback : public ::testing::Test {
  protected:
    ~AlsaWakeupOfPlayback() override
    {
        shown_room.reset();
        most_room.reset();
        most_buffer = 0;
    }
    // Sets the limit before the device is opened.
    static OpenParameters long_period(snd_pcm_uframes_t card)
    {
        most_buffer = card;
        return { stereo, 16'384 * 2, 16'384, {} };
    }
    // The card has so much room, too little, and says that it is ready.
    static void wake_early(PcmDevice &device, Time now, snd_pcm_sframes_t room)
    {
        shown_room = room;
        std::vector<pollfd> ready = descriptors_of(device);
        ASSERT_FALSE(ready.empty());
        for (pollfd &descriptor : ready)
            descriptor.revents = POLLOUT;
        EXPECT_FALSE(device.service(now, ready));
        EXPECT_TRUE(descriptors_of(device).empty());
    }

    RecordingListener listener_;
    const Gain gain_;
    std::vector<std::byte> data_ = numbered(16'384);
};

TEST_F(AlsaWakeupOfPlayback, ASoundShorterThanAPeriodIsLookedAtWhenItEnds)
{
    AlsaPlayback device("null", long_period(0), gain_, listener_);
    ASSERT_TRUE(device.transfer(std::span(data_).first(1920), 0ms)); // 10 ms
    device.start(0ms);
    wake_early(device, 0ms, 8192 - 480);
    // An eighth of a period, 85 ms, later at most.
    EXPECT_GE(device.deadline(), 10ms);
    EXPECT_LE(device.deadline(), 21ms);
    shown_room = 8192;
    EXPECT_EQ(device.service(*device.deadline(), {}), 1920U);
}

TEST_F(AlsaWakeupOfPlayback, ACardIsGivenWhatWaitsBeforeItRunsDry)
{
    AlsaPlayback device("null", long_period(1024), gain_, listener_);
    const auto whole = std::span(data_);
    ASSERT_TRUE(device.transfer(whole.first(4096), 0ms));
    most_room = 0;
    ASSERT_TRUE(device.transfer(whole.subspan(4096), 0ms));
    device.start(0ms);
    wake_early(device, 0ms, 64);
    ASSERT_TRUE(device.deadline());
    EXPECT_GT(*device.deadline(), 0ms);
    EXPECT_LT(*device.deadline(), 20ms) << "the card has enough for that long";
}

TEST_F(AlsaWakeupOfPlayback, ACardIsGivenWhatComesWhileItsDescriptorsAreNotWaitedFor)
{
    AlsaPlayback device("null", long_period(1024), gain_, listener_);
    const auto whole = std::span(data_);
    ASSERT_TRUE(device.transfer(whole.first(4000), 0ms));
    device.start(0ms);
    wake_early(device, 0ms, 24);
    most_room = 0;
    ASSERT_TRUE(device.transfer(whole.subspan(4000), 1ms));
    ASSERT_TRUE(device.deadline());
    EXPECT_GT(*device.deadline(), 1ms);
    EXPECT_LT(*device.deadline(), 20ms) << "the card has enough for that long";
}

TEST_F(AlsaWakeupOfPlayback, ARunDoesNotWaitForWhatTheOneBeforeWasWaitingFor)
{
    AlsaPlayback device("null", long_period(0), gain_, listener_);
    ASSERT_TRUE(device.transfer(data_, 0ms));
    device.start(0ms);
    wake_early(device, 0ms, 4096);
    device.stop(1ms);
    ASSERT_TRUE(device.transfer(data_, 2ms));
    device.start(2ms);
    EXPECT_FALSE(descriptors_of(device).empty());
}

// A card with a buffer of a quarter of the guest's period. One that is full has stopped.
class AlsaWakeupOfLongPeriods : public ::testing::Test {
  protected:
    AlsaWakeupOfLongPeriods()
    {
        most_buffer = 0;
        device_.start(0ms);
    }
    ~AlsaWakeupOfLongPeriods() override
    {
        shown_room.reset();
    }
    std::vector<pollfd> ready()
    {
        std::vector<pollfd> descriptors = descriptors_of(device_);
        for (pollfd &descriptor : descriptors)
            descriptor.revents = POLLIN;
        return descriptors;
    }
    // Sets the limit before the device is opened.
    static OpenParameters long_period()
    {
        most_buffer = 1024;
        return { stereo, 16'384 * 2, 16'384, {} };
    }

    RecordingListener listener_;
    const Gain gain_;
    AlsaCapture device_ { "null", long_period(), gain_, listener_ };
};

TEST_F(AlsaWakeupOfLongPeriods, TheCardIsEmptiedEachTimeBeforeItIsFull)
{
    shown_room = 1024 - 256;
    for (unsigned round = 1; round <= 4; ++round) {
        EXPECT_EQ(awaited_frames, 1024U - 256U);
        std::vector<pollfd> descriptors = ready();
        ASSERT_FALSE(descriptors.empty()) << "round " << round;
        EXPECT_FALSE(device_.service(round * 16ms, descriptors));
    }
}

TEST_F(AlsaWakeupOfLongPeriods, TheCardIsLookedAtBeforeItIsFullWhileItsDescriptorsAreNotWaitedFor)
{
    shown_room = 100;
    std::vector<pollfd> descriptors = ready();
    (void)device_.service(10ms, descriptors);
    EXPECT_TRUE(descriptors_of(device_).empty());
    EXPECT_EQ(device_.deadline(), 26ms);
    (void)device_.service(26ms, {});
    EXPECT_FALSE(descriptors_of(device_).empty());

    (void)device_.service(30ms, descriptors);
    EXPECT_TRUE(device_.deadline());
    device_.stop(31ms);
    EXPECT_FALSE(device_.deadline());
}

} // namespace
} // namespace sndback

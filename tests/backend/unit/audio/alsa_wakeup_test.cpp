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

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

// A card that is full has stopped.
TEST(AlsaWakeup, ALongPeriodIsFetchedBeforeTheCardIsFull)
{
    RecordingListener listener;
    const Gain gain;
    most_buffer = 1024;
    AlsaCapture device("null", alsa_parameters, gain, listener);
    most_buffer = 0;
    device.start(0ms);
    EXPECT_EQ(awaited_frames, 1024U - 256U);
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// Capture by a clock: what a READ gets, and when.
#include "audio/clocked_device.hpp"

#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

class CaptureTest : public ::testing::Test {
  protected:
    CaptureTest()
        : device_({ stereo, buffer, period, {} }, gain_, std::make_unique<PatternSource>(),
                  listener_)
    {
    }

    // What the pattern has there.
    static std::vector<std::byte> pattern(std::uint64_t position, std::size_t bytes)
    {
        std::vector<std::byte> data(bytes);
        PatternSource().fill(position, data);
        return data;
    }

    RecordingListener listener_;
    Gain gain_;
    ClockedCapture device_;
};

TEST_F(CaptureTest, DeliversFramesInOrder)
{
    device_.start(0s);
    std::vector<std::byte> data(period);
    for (unsigned index = 1; index <= 50; ++index) {
        const Time now = index * 10ms;
        EXPECT_EQ(device_.service(now, {}), std::uint64_t { index } * period);
        EXPECT_EQ(device_.transfer(data, now), std::uint64_t { index - 1 } * period);
        EXPECT_EQ(data, pattern((index - 1) * period, period));
    }
    EXPECT_EQ(listener_.lost, 0U);
}

TEST_F(CaptureTest, EarlyReadWaitsForItsFrames)
{
    device_.start(0s);
    std::vector<std::byte> data(400);
    EXPECT_FALSE(device_.transfer(data, 1us));
    const Time due = *device_.deadline();
    EXPECT_LT(due, 10ms);
    EXPECT_FALSE(device_.transfer(data, due - 1ns));
    EXPECT_TRUE(device_.transfer(data, due));
}

// The guest was told to try again, and does not: there is nothing to wake up for but the next
// period.
TEST_F(CaptureTest, RefusedReadIsNotWaitedFor)
{
    std::vector<std::byte> data(400);
    EXPECT_FALSE(device_.transfer(data, 0s));
    device_.start(0s);
    EXPECT_EQ(device_.deadline(), 10ms);
    EXPECT_FALSE(device_.transfer(data, 1us));
    const Time due = *device_.deadline();
    EXPECT_FALSE(device_.service(due, {}));
    EXPECT_EQ(device_.deadline(), 10ms);
    EXPECT_FALSE(device_.transfer(std::span(data).first(40), 0s));
    device_.pause(due);
    device_.resume(1s);
    EXPECT_GT(*device_.deadline(), Time(1s));
}

// Frames of half an octet: a READ that ends within one waits for the whole of it.
TEST_F(CaptureTest, ReadThatWaitsIsNotDueBeforeItsLastFrame)
{
    const StreamFormat adpcm { find_format("ima_adpcm"), 1, 3 };
    ClockedCapture device({ adpcm, 300, 30, {} }, gain_, std::make_unique<PatternSource>(),
                          listener_);
    device.start(0s);
    std::vector<std::byte> data(adpcm.unit());
    for (const Time start : { Time(3s), Time(7s) }) {
        device.stop(start);
        device.start(start);
        for (Time now = start; !device.transfer(data, now);) {
            const Time due = *device.deadline();
            ASSERT_GT(due, now);
            (void)device.service(due, {});
            now = due;
        }
    }
}

TEST_F(CaptureTest, LosesTheOldestWhenItIsNotRead)
{
    device_.start(0s);
    EXPECT_EQ(device_.service(60ms, {}), 6U * period);
    EXPECT_EQ(listener_.lost, 2U * period);
    std::vector<std::byte> data(buffer);
    EXPECT_EQ(device_.transfer(data, 60ms), 2U * period);
    EXPECT_EQ(data, pattern(2 * period, buffer));
}

TEST_F(CaptureTest, UnreadFramesDoNotSurviveAStart)
{
    device_.start(0s);
    device_.stop(10ms);
    device_.start(1s);
    std::vector<std::byte> data(400);
    EXPECT_FALSE(device_.transfer(data, 1s));
    EXPECT_EQ(device_.transfer(data, 1s + 10ms), std::uint64_t { period });
}

} // namespace
} // namespace sndback

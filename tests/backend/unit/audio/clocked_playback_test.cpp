// SPDX-License-Identifier: GPL-2.0-only
// Playback by a clock: positions, underruns, what reaches the sink.
#include "audio/clocked_device.hpp"

#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

class PlaybackTest : public ::testing::Test {
  protected:
    explicit PlaybackTest(PositionPolicy policy = {}, std::uint32_t period_bytes = period)
    {
        device_.emplace(OpenParameters { stereo, buffer, period_bytes, policy }, gain_,
                        std::make_unique<MemorySink>(played_), listener_);
    }

    bool write(std::size_t bytes, Time now)
    {
        auto data = numbered(bytes, written_);
        const auto offset = device_->transfer(data, now);
        if (offset)
            written_ += bytes;
        return offset.has_value();
    }
    std::optional<std::uint64_t> service(Time now)
    {
        return device_->service(now, {});
    }

    RecordingListener listener_;
    Gain gain_;
    std::vector<std::byte> played_;
    std::optional<ClockedPlayback> device_;
    std::size_t written_ = 0;
};

TEST_F(PlaybackTest, ReportsExactBoundaries)
{
    ASSERT_TRUE(write(buffer, 0s));
    EXPECT_FALSE(write(4, 0s));
    EXPECT_FALSE(device_->deadline());
    device_->start(1s);
    for (unsigned index = 1; index <= 100; ++index) {
        const Time due = 1s + index * 10ms;
        EXPECT_EQ(device_->deadline(), due);
        EXPECT_FALSE(service(due - 1ns));
        EXPECT_EQ(service(due + 1us), std::uint64_t { index } * period);
        ASSERT_TRUE(write(period, due + 2us));
    }
    EXPECT_TRUE(listener_.underruns.empty());
    EXPECT_EQ(played_, numbered(100 * period));
}

TEST_F(PlaybackTest, ReportsWhereItRunsDryAndCountsOnlyLateWrites)
{
    ASSERT_TRUE(write(period + 400, 0s));
    device_->start(0s);
    EXPECT_EQ(service(10ms), period);
    const Time dry = *device_->deadline();
    EXPECT_LT(dry, 20ms);
    EXPECT_EQ(service(dry), period + 400U);
    EXPECT_FALSE(service(20ms));
    EXPECT_TRUE(listener_.underruns.empty()) << "the guest may just be done";
    ASSERT_TRUE(write(400, 30ms));
    EXPECT_EQ(listener_.underruns, std::vector<std::uint64_t> { period + 400 });
    // The clock has gone on, so these are over at its next tick.
    EXPECT_EQ(service(30ms), period + 800U);
}

TEST_F(PlaybackTest, StopKeepsThePositionAndRecordsEverything)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_EQ(service(10ms), period);
    device_->stop(15ms);
    EXPECT_EQ(played_, numbered(buffer));
    ASSERT_TRUE(write(buffer, 1s));
    device_->start(1s);
    // 15 ms had been played; the next boundary is a period after that.
    EXPECT_EQ(service(1s + 10ms), period + period / 2 + period);
}

TEST_F(PlaybackTest, PauseHoldsTheClock)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    device_->pause(4ms);
    EXPECT_FALSE(device_->deadline());
    EXPECT_FALSE(service(1s));
    device_->resume(1s);
    EXPECT_EQ(device_->deadline(), 1s + 6ms);
    EXPECT_EQ(service(1s + 6ms), period);
}

TEST_F(PlaybackTest, GainTakesEffectAtAPeriodBoundary)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_TRUE(service(10ms));
    gain_.set_muted(0, true);
    gain_.set_muted(1, true);
    EXPECT_TRUE(service(20ms));
    auto expected = numbered(period);
    expected.resize(2 * period);
    EXPECT_EQ(played_, expected);
}

TEST_F(PlaybackTest, RequestsMayWaitUntilAPeriodIsLeft)
{
    ASSERT_TRUE(write(buffer, 0s));
    EXPECT_EQ(device_->patience(0s), 0s) << "it does not run";
    device_->start(1s);
    EXPECT_EQ(device_->patience(1s), 30ms);
    EXPECT_EQ(device_->patience(1s + 15ms), 15ms);
    EXPECT_EQ(device_->patience(1s + 20ms), 10ms);
    EXPECT_EQ(device_->patience(1s + 21ms), 0s);
    EXPECT_EQ(device_->patience(1s + 50ms), 0s) << "it has run dry";
    device_->pause(1s + 5ms);
    EXPECT_EQ(device_->patience(1s + 5ms), 0s);
}

TEST(Patience, IsNoLongerThanAPeriodAndFiftyMilliseconds)
{
    EXPECT_EQ(patience_with(100ms, 50ms), 50ms);
    EXPECT_EQ(patience_with(500ms, 50ms), 50ms);
    EXPECT_EQ(patience_with(500ms, 51ms), 0ms) << "the period would end later";
    EXPECT_EQ(patience_with(99ms, 50ms), 0ms);
}

TEST_F(PlaybackTest, LateServiceMergesTicks)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_EQ(service(35ms), 3U * period);
    EXPECT_FALSE(service(35ms));
}

class WholePeriodsTest : public PlaybackTest {
  protected:
    WholePeriodsTest() : PlaybackTest({ PositionPolicy::Kind::period, {} })
    {
    }
};

TEST_F(WholePeriodsTest, NeverReportsAPart)
{
    ASSERT_TRUE(write(period + 400, 0s));
    device_->start(0s);
    EXPECT_EQ(service(10ms), period);
    EXPECT_EQ(device_->deadline(), 20ms);
    EXPECT_FALSE(service(20ms));
    ASSERT_TRUE(write(period - 400, 25ms));
    EXPECT_EQ(service(30ms), 2U * period);
}

class TimerTest : public PlaybackTest {
  protected:
    TimerTest() : PlaybackTest({ PositionPolicy::Kind::timer, 7ms })
    {
    }
};

TEST_F(TimerTest, ReportsWhateverTheClockSays)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_EQ(service(7ms), 336U * 4);
    EXPECT_EQ(service(14ms), 672U * 4);
}

class NoPeriodTest : public PlaybackTest {
  protected:
    NoPeriodTest() : PlaybackTest({}, 0)
    {
    }
};

TEST_F(NoPeriodTest, PlaysWithoutReporting)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_FALSE(service(*device_->deadline()));
    EXPECT_TRUE(write(buffer / 4, 11ms));
}

} // namespace
} // namespace sndback

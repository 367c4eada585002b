// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "audio/byte_fifo.hpp"
#include "audio/frame_clock.hpp"
#include "audio/gain.hpp"
#include "audio/position_reporter.hpp"
#include "audio/progress.hpp"

namespace sndback {
namespace {

using namespace std::chrono_literals;

TEST(FrameClock, DoesNotDrift)
{
    FrameClock clock(44100);
    clock.start(5s, 0);
    // A day later to the frame.
    EXPECT_EQ(clock.frames(5s + 24h), 44100ULL * 86400);
    EXPECT_EQ(clock.frames(5s + 24h - 1ns), 44100ULL * 86400 - 1);
    for (std::uint64_t frame = 1; frame < 100'000; frame += 7) {
        const Time time = *clock.time_of(frame);
        ASSERT_EQ(clock.frames(time), frame);
        ASSERT_EQ(clock.frames(time - 1ns), frame - 1);
    }
}

TEST(FrameClock, PauseKeepsPartsOfAFrame)
{
    FrameClock clock(1000);
    clock.start(0s, 10);
    clock.pause(1500us);
    EXPECT_EQ(clock.frames(10s), 11U);
    EXPECT_FALSE(clock.time_of(12));
    clock.resume(20s);
    EXPECT_EQ(*clock.time_of(12), 20s + 500us);
    clock.stop(11);
    EXPECT_EQ(clock.frames(100s), 11U);
}

TEST(FrameClock, SurvivesFrameCountsBeyond32Bits)
{
    FrameClock clock(384000);
    clock.start(0s, std::uint64_t { 1 } << 40);
    EXPECT_EQ(clock.frames(1s), (std::uint64_t { 1 } << 40) + 384000);
}

TEST(Progress, TicksOnBoundariesOfTheRun)
{
    Progress progress(48000, 480, {});
    progress.start(0s, 100);
    EXPECT_EQ(*progress.next_tick(), 10ms);
    EXPECT_FALSE(progress.take_tick(10ms - 1ns));
    EXPECT_EQ(*progress.take_tick(10ms), 580U);
    EXPECT_EQ(*progress.next_tick(), 20ms);
    EXPECT_EQ(*progress.take_tick(45ms), 100 + 4 * 480U);
    EXPECT_EQ(*progress.next_tick(), 50ms);
    progress.pause(47ms);
    EXPECT_FALSE(progress.next_tick());
    progress.resume(147ms);
    EXPECT_EQ(*progress.next_tick(), 150ms);
}

TEST(Progress, TimerTicksAreUnrelatedToPeriods)
{
    Progress progress(48000, 480, { PositionPolicy::Kind::timer, 7ms });
    progress.start(0s, 0);
    EXPECT_EQ(*progress.take_tick(7ms), 336U);
    EXPECT_EQ(*progress.next_tick(), 14ms);
    EXPECT_EQ(*progress.take_tick(30ms), 1440U);
    EXPECT_EQ(*progress.next_tick(), 35ms);
}

TEST(PositionReporter, ReportsWhenHardwareCrossesABoundary)
{
    const StreamFormat format { find_format("s16_le"), 48000, 2 };
    PositionReporter reporter({ format, 4 * 4096, 4 * 480, {} });
    reporter.start(0s, 0);
    EXPECT_FALSE(reporter.report(0s, 479, false));
    EXPECT_EQ(*reporter.report(0s, 485, false), 485 * 4U);
    EXPECT_EQ(reporter.next_boundary(), 960U);
    EXPECT_FALSE(reporter.report(0s, 950, false));
    EXPECT_EQ(*reporter.report(0s, 950, true), 950 * 4U);
    EXPECT_FALSE(reporter.report(0s, 950, true));
    reporter.stop();
    EXPECT_FALSE(reporter.report(0s, 9999, false));
}

TEST(PositionReporter, LooksAgainWhenTheInterruptDoesNotCome)
{
    const StreamFormat format { find_format("s16_le"), 48000, 2 };
    PositionReporter reporter({ format, 4 * 4096, 4 * 480, {} });
    reporter.start(1s, 0);
    EXPECT_EQ(reporter.deadline(), 1s + 10ms + 1250us);
    // An interrupt just before the boundary.
    EXPECT_FALSE(reporter.report(1s + 10ms, 432, false));
    EXPECT_EQ(reporter.deadline(), 1s + 11ms + 1250us);
    EXPECT_TRUE(reporter.report(1s + 12ms, 480, false));
    EXPECT_EQ(reporter.deadline(), 1s + 22ms + 1250us);
    reporter.stop();
    EXPECT_FALSE(reporter.deadline());
}

TEST(PositionReporter, RoundsDownToWholePeriods)
{
    const StreamFormat format { find_format("u8"), 8000, 1 };
    PositionReporter reporter({ format, 1000, 100, { PositionPolicy::Kind::period, {} } });
    reporter.start(0s, 0);
    EXPECT_EQ(*reporter.report(0s, 257, false), 200U);
    EXPECT_FALSE(reporter.report(0s, 299, true));
}

TEST(ByteFifo, WrapsAround)
{
    ByteFifo fifo(5);
    const std::array<std::byte, 4> data { std::byte { 1 }, std::byte { 2 }, std::byte { 3 },
                                          std::byte { 4 } };
    for (int round = 0; round < 10; ++round) {
        fifo.push(data);
        EXPECT_EQ(fifo.room(), 1U);
        std::array<std::byte, 4> copy {};
        fifo.peek(copy);
        EXPECT_EQ(copy, data);
        std::array<std::byte, 2> tail {};
        fifo.peek(tail, 2);
        EXPECT_EQ(tail[0], std::byte { 3 });
        fifo.drop(4);
        EXPECT_EQ(fifo.size(), 0U);
    }
}

// The samples of one channel before and after, written in the format's own byte order.
template <typename Word> Word scaled(const char *name, Word word, std::int32_t volume)
{
    const StreamFormat format { find_format(name), 48000, 1 };
    Gain gain;
    gain.set_volume(0, volume);
    std::array<std::byte, sizeof(Word)> bytes;
    std::memcpy(bytes.data(), &word, sizeof(word));
    if (format.format->big_endian)
        std::reverse(bytes.begin(), bytes.end());
    gain.apply(format, bytes);
    if (format.format->big_endian)
        std::reverse(bytes.begin(), bytes.end());
    std::memcpy(&word, bytes.data(), sizeof(word));
    return word;
}

constexpr std::int32_t minus_20_db = -20'000; // a factor of exactly 0.1

TEST(Gain, ScalesEveryEncoding)
{
    EXPECT_EQ(scaled<std::uint8_t>("s8", 100, minus_20_db), 10);
    EXPECT_EQ(scaled<std::uint8_t>("u8", 128 + 100, minus_20_db), 128 + 10);
    EXPECT_EQ(static_cast<std::int16_t>(
                  scaled<std::uint16_t>("s16_le", static_cast<std::uint16_t>(-1005), minus_20_db)),
              -101);
    EXPECT_EQ(scaled<std::uint16_t>("s16_be", 1000, minus_20_db), 100);
    EXPECT_EQ(scaled<std::uint16_t>("u16_le", 32768 - 1000, minus_20_db), 32768 - 100);
    EXPECT_EQ(scaled<std::uint32_t>("s24_le", 0x00ff'fc18, minus_20_db),
              static_cast<std::uint32_t>(-100));
    EXPECT_EQ(scaled<std::uint32_t>("u24_be", 0x0080'03e8, minus_20_db), 0x0080'0064U);
    EXPECT_EQ(scaled<std::uint32_t>("s32_le", 1'000'000'000, minus_20_db), 100'000'000U);
    EXPECT_EQ(scaled<std::uint32_t>("u32_le", 0x8000'0000 + 1000, minus_20_db), 0x8000'0000U + 100);
    EXPECT_FLOAT_EQ(
        std::bit_cast<float>(scaled("float_be", std::bit_cast<std::uint32_t>(0.5F), minus_20_db)),
        0.05F);
    EXPECT_DOUBLE_EQ(
        std::bit_cast<double>(scaled("float64_le", std::bit_cast<std::uint64_t>(0.5), minus_20_db)),
        0.05);
}

TEST(Gain, SaturatesAndClamps)
{
    EXPECT_EQ(scaled<std::uint16_t>("s16_le", 30000, 20'000), 32767);
    EXPECT_EQ(scaled<std::uint16_t>("s16_le", static_cast<std::uint16_t>(-30000), 20'000), 0x8000);
    Gain gain;
    gain.set_volume(3, 2'000'000);
    EXPECT_EQ(gain.volume(3), Gain::highest);
    gain.set_volume(3, -2'000'000);
    EXPECT_EQ(gain.volume(3), Gain::lowest);
}

TEST(Gain, TouchesOnlyTheChannelsSet)
{
    const StreamFormat format { find_format("s16_le"), 48000, 2 };
    std::array<std::int16_t, 4> samples { 1000, 1000, -1000, -1000 };
    Gain gain;
    gain.set_muted(1, true);
    gain.apply(format, std::as_writable_bytes(std::span(samples)));
    EXPECT_EQ(samples, (std::array<std::int16_t, 4> { 1000, 0, -1000, 0 }));
    gain.set_muted(1, false);
    gain.apply(format, std::as_writable_bytes(std::span(samples)));
    EXPECT_EQ(samples, (std::array<std::int16_t, 4> { 1000, 0, -1000, 0 }));
}

TEST(Gain, LeavesEveryBitAtZeroDecibels)
{
    std::array<std::byte, 64> bytes;
    for (std::size_t index = 0; index < bytes.size(); ++index)
        bytes[index] = static_cast<std::byte>(index * 37 + 128);
    const auto original = bytes;
    for (const Format &format : formats)
        Gain().apply({ &format, 48000, 2 }, bytes);
    EXPECT_EQ(bytes, original);
}

TEST(Gain, DoesNotTouchOpaqueFormats)
{
    EXPECT_FALSE(Gain::supports(*find_format("mu_law")));
    EXPECT_EQ(scaled<std::uint8_t>("a_law", 0x55, minus_20_db), 0x55);
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "audio/gain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace sndback {
namespace {

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
    EXPECT_EQ(scaled<std::uint16_t>("s16_le", 0x8000, minus_20_db),
              static_cast<std::uint16_t>(-3277));
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

TEST(Gain, OwnVolumeHoldsForChannelsThatWereNeverSet)
{
    const StreamFormat format { find_format("u8"), 48000, 3 };
    Gain gain(minus_20_db);
    gain.set_volume(1, 0);
    std::array<std::byte, 3> frame { std::byte { 228 }, std::byte { 228 }, std::byte { 228 } };
    gain.apply(format, frame);
    EXPECT_EQ(frame[0], std::byte { 138 });
    EXPECT_EQ(frame[1], std::byte { 228 });
    EXPECT_EQ(frame[2], std::byte { 138 });
}

TEST(Gain, SaturatesAndClamps)
{
    EXPECT_EQ(scaled<std::uint16_t>("s16_le", 30000, 20'000), 32767);
    EXPECT_EQ(scaled<std::uint16_t>("s16_le", static_cast<std::uint16_t>(-30000), 20'000), 0x8000);
    EXPECT_EQ(Gain(2'000'000).volume(0), Gain::highest);
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

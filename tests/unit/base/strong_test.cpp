// SPDX-License-Identifier: GPL-2.0-only
#include "base/strong.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace xen_front::test {
namespace {

// The point of the types: none of these compile as anything else.
static_assert(!std::is_convertible_v<uint64_t, Bytes>);
static_assert(!std::is_convertible_v<Bytes, uint64_t>);
static_assert(!std::is_convertible_v<Bytes, Frames>);
static_assert(!std::is_constructible_v<Frames, Bytes>);
static_assert(!std::is_convertible_v<DomainId, GrantRef>);
static_assert(sizeof(Bytes) == 8 && sizeof(GrantRef) == 4 && sizeof(DomainId) == 2);

TEST(Strong, CountsAndCompares)
{
    Bytes bytes;
    EXPECT_EQ(bytes.value(), 0u);
    bytes += Bytes(5);
    EXPECT_TRUE(bytes == Bytes(5));
    EXPECT_TRUE(bytes != Bytes(6));
    EXPECT_EQ((bytes + Bytes(2)).value(), 7u);
    EXPECT_EQ((bytes - Bytes(2)).value(), 3u);
    EXPECT_TRUE(Bytes(1) < Bytes(2) && Bytes(2) > Bytes(1));
    EXPECT_TRUE(Bytes(2) <= Bytes(2) && Bytes(2) >= Bytes(2));
    EXPECT_FALSE(Bytes(2) < Bytes(2) || Bytes(2) > Bytes(2));
}

TEST(FrameSize, ConvertsBothWays)
{
    constexpr FrameSize frame(48); // 3 channels of 16 bits
    EXPECT_EQ(frame.bytes(Frames(480)).value(), 2880u);
    EXPECT_EQ(frame.frames(Bytes(2880)).value(), 480u);
    EXPECT_EQ(frame.frames(Bytes(2885)).value(), 480u) << "a part of a frame is dropped";
    EXPECT_EQ(frame.frames(Bytes(5)).value(), 0u);
}

TEST(FrameSize, MayBeAPartOfAByte)
{
    constexpr FrameSize frame(4); // IMA ADPCM, mono
    EXPECT_EQ(frame.bytes(Frames(480)).value(), 240u);
    EXPECT_EQ(frame.frames(Bytes(240)).value(), 480u);
    constexpr FrameSize three(12); // and with three channels
    EXPECT_EQ(three.bytes(Frames(3)).value(), 4u) << "a part of a byte is dropped";
    EXPECT_EQ(three.frames(Bytes(4)).value(), 2u);
    EXPECT_EQ(three.frames(Bytes(3)).value(), 2u);
}

TEST(FrameSize, AgreesWithPlainArithmetic)
{
    for (const uint32_t bits : { 4u, 8u, 12u, 20u, 24u, 32u, 64u, 255u * 64 }) {
        const FrameSize frame(bits);
        for (uint64_t count = 0; count < 200; count++) {
            EXPECT_EQ(frame.bytes(Frames(count)).value(), count * bits / 8) << bits;
            EXPECT_EQ(frame.frames(Bytes(count)).value(), count * 8 / bits) << bits;
        }
    }
}

TEST(FrameSize, DoesNotOverflowBefore64BitsOfBytes)
{
    constexpr FrameSize frame(64);
    constexpr uint64_t frames = uint64_t { 1 } << 60;
    EXPECT_EQ(frame.bytes(Frames(frames)).value(), frames * 8);
    EXPECT_EQ(frame.frames(Bytes(frames * 8 + 7)).value(), frames);
}

TEST(FrameSize, OfNothingIsOneByte)
{
    EXPECT_EQ(FrameSize().frames(Bytes(3)).value(), 3u);
}

} // namespace
} // namespace xen_front::test

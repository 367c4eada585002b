// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/format.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

TEST(Format, FindsAllAndNothingElse)
{
    for (unsigned wire = 0; wire < formats.size(); ++wire) {
        ASSERT_NE(find_format(wire), nullptr);
        EXPECT_EQ(find_format(find_format(wire)->name), find_format(wire));
    }
    EXPECT_EQ(find_format(25U), nullptr);
    EXPECT_EQ(find_format("s16"), nullptr);
    // xl's names of the floating-point formats.
    EXPECT_EQ(find_format("f32_le"), find_format("float_le"));
    EXPECT_EQ(find_format("f32_be"), find_format("float_be"));
    EXPECT_EQ(find_format("f64_le"), find_format("float64_le"));
    EXPECT_EQ(find_format("f64_be"), find_format("float64_be"));
}

TEST(Format, ConvertsBetweenFramesAndOctets)
{
    const StreamFormat s24 { find_format("s24_le"), 48000, 6 };
    EXPECT_EQ(s24.unit(), 24U);
    EXPECT_EQ(s24.bytes(10), 240U);
    EXPECT_EQ(s24.frames(250), 10U);
    const StreamFormat adpcm { find_format("ima_adpcm"), 8000, 3 };
    EXPECT_EQ(adpcm.unit(), 3U);
    EXPECT_EQ(adpcm.frames(3), 2U);
    EXPECT_EQ(adpcm.bytes(1), 1U);
    EXPECT_EQ(s24.bytes(std::uint64_t { 1 } << 50), std::uint64_t { 24 } << 50);
}

} // namespace
} // namespace sndback

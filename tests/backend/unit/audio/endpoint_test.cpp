// SPDX-License-Identifier: GPL-2.0-only
#include "audio/endpoint.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sndback {
namespace {

TEST(Pattern, DoesNotDependOnHowItIsRead)
{
    std::vector<std::byte> whole(1000), part(37);
    PatternSource source;
    source.fill(123, whole);
    source.fill(123 + 500, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 500));
}

TEST(Silence, IsTheMiddleOfEachFormat)
{
    const auto silence = [](const char *name, std::uint64_t position) {
        std::vector<std::byte> data(8);
        fill_silence(*find_format(name), position, data);
        return data;
    };
    const auto bytes = [](std::initializer_list<int> values) {
        std::vector<std::byte> result;
        for (const int value : values)
            result.push_back(static_cast<std::byte>(value));
        return result;
    };
    EXPECT_EQ(silence("s16_le", 0), bytes({ 0, 0, 0, 0, 0, 0, 0, 0 }));
    EXPECT_EQ(silence("u16_le", 0), bytes({ 0, 128, 0, 128, 0, 128, 0, 128 }));
    EXPECT_EQ(silence("u16_le", 1), bytes({ 128, 0, 128, 0, 128, 0, 128, 0 }));
    EXPECT_EQ(silence("u24_le", 0), bytes({ 0, 0, 128, 0, 0, 0, 128, 0 }));
    EXPECT_EQ(silence("u24_be", 0), bytes({ 0, 128, 0, 0, 0, 128, 0, 0 }));
    EXPECT_EQ(silence("u32_be", 0), bytes({ 128, 0, 0, 0, 128, 0, 0, 0 }));
    EXPECT_EQ(silence("u8", 3), std::vector<std::byte>(8, std::byte { 128 }));
    EXPECT_EQ(silence("a_law", 0), std::vector<std::byte>(8, std::byte { 0xd5 }));
}

} // namespace
} // namespace sndback

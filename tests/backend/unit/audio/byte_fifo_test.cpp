// SPDX-License-Identifier: GPL-2.0-only
#include "audio/byte_fifo.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sndback {
namespace {

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

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "audio/playback_queue.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sndback {
namespace {

TEST(PlaybackQueue, WhatTheCardDropsIsGivenAgain)
{
    PlaybackQueue queue(4);
    queue.write(std::array { std::byte { 1 }, std::byte { 2 }, std::byte { 3 }, std::byte { 4 } });
    EXPECT_EQ(queue.room(), 0U);
    queue.give(3);
    EXPECT_EQ(queue.waiting(), 1U);
    queue.set_in_card(2);
    EXPECT_EQ(queue.played(), 1U);
    EXPECT_EQ(queue.given(), 3U);
    EXPECT_EQ(queue.room(), 1U);
    // A card cannot have more than it was given.
    queue.set_in_card(100);
    EXPECT_EQ(queue.played(), 1U);

    queue.take_back();
    EXPECT_EQ(queue.given(), 1U);
    EXPECT_EQ(queue.waiting(), 3U);
    std::array<std::byte, 3> again {};
    queue.peek_waiting(again);
    EXPECT_EQ(again, (std::array { std::byte { 2 }, std::byte { 3 }, std::byte { 4 } }));
}

// As the guest's ring begins anew after STOP.
TEST(PlaybackQueue, WhatIsDiscardedHasNotBeenWritten)
{
    PlaybackQueue queue(4);
    queue.write(std::array { std::byte { 1 }, std::byte { 2 }, std::byte { 3 } });
    queue.give(2);
    queue.set_in_card(1);
    queue.discard();
    EXPECT_TRUE(queue.is_played());
    EXPECT_EQ(queue.written(), 1U);
    EXPECT_EQ(queue.given(), 1U);
}

} // namespace
} // namespace sndback

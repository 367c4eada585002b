// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/hw_params.hpp"

#include <gtest/gtest.h>

#include "protocol/format.hpp"

namespace sndback {
namespace {

xensnd_query_hw_param anything()
{
    xensnd_query_hw_param question {};
    question.formats = all_formats_mask;
    question.rates = { 1, ~0U };
    question.channels = { 1, ~0U };
    question.buffer = { 1, ~0U };
    question.period = { 1, ~0U };
    return question;
}

constexpr std::uint64_t s16_bit = 1 << XENSND_PCM_FORMAT_S16_LE;
constexpr std::uint64_t s32_bit = 1 << XENSND_PCM_FORMAT_S32_LE;

TEST(HwParams, NarrowsToTheLimits)
{
    Limits limits;
    limits.formats = s16_bit;
    limits.rates = { 8000, 44100, 48000 };
    limits.channels = { 1, 2 };
    limits.buffer_bytes = 65536;
    auto question = anything();
    question.rates = { 10000, 47000 };
    question.channels = { 2, 6 };
    const auto answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s16_bit);
    EXPECT_EQ(answer->rates.min, 44100U);
    EXPECT_EQ(answer->rates.max, 44100U);
    EXPECT_EQ(answer->channels.min, 2U);
    EXPECT_EQ(answer->channels.max, 2U);
    EXPECT_EQ(answer->buffer.max, 16384U);
    EXPECT_EQ(answer->period.max, 16384U);
}

TEST(HwParams, DropsFormatsAndChannelsThatTheBufferCannotHold)
{
    Limits limits;
    limits.formats = s16_bit | s32_bit;
    limits.channels = { 1, 8 };
    limits.buffer_bytes = 8192;
    auto question = anything();
    question.channels = { 2, 8 };
    question.buffer = { 2048, 4096 };
    const auto answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s16_bit);
    EXPECT_EQ(answer->channels.max, 2U);
    EXPECT_EQ(answer->buffer.max, 2048U);
}

// A frontend of a later version of sndif may know more formats.
TEST(HwParams, AnswersWithFormatsOfSndifOnly)
{
    auto question = anything();
    question.formats = ~std::uint64_t { 0 };
    const auto answer = narrow(question, {});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, all_formats_mask);
}

// The buffer may not be longer than it could be with a format that is out for another reason.
TEST(HwParams, WhatOneLimitLeavesIsHeldAgainstTheOthersAgain)
{
    Limits limits;
    limits.formats = s16_bit | s32_bit;
    limits.buffer_bytes = 8192;
    limits.of_formats = { { XENSND_PCM_FORMAT_S16_LE, { 8000, 48000 }, { 1, 2 } } };
    auto question = anything();
    question.rates.min = 96000;
    const auto answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s32_bit);
    EXPECT_EQ(answer->buffer.max, 2048U);
}

TEST(HwParams, AnswerIsAFixedPoint)
{
    Limits limits;
    limits.channels = { 1, 8 };
    limits.buffer_bytes = 65536;
    auto question = anything();
    question.period = { 64, 100000 };
    const auto once = narrow(question, limits);
    ASSERT_TRUE(once);
    const auto twice = narrow(*once, limits);
    ASSERT_TRUE(twice);
    EXPECT_EQ(std::memcmp(&*once, &*twice, sizeof(*once)), 0);
    EXPECT_EQ(once->buffer.min, 64U);
}

TEST(HwParams, RefusesWhatLeavesNothing)
{
    Limits limits;
    limits.rates = { 8000, 48000 };
    auto question = anything();
    for (const std::uint32_t rate : { 1U, 7999U, 9000U, 47999U, 48001U }) {
        question.rates = { rate, rate };
        EXPECT_FALSE(narrow(question, limits)) << rate;
    }
    question.rates = { 9000, 47000 };
    EXPECT_FALSE(narrow(question, limits));
    question.rates = { 48000, 8000 };
    EXPECT_FALSE(narrow(question, limits));
    question = anything();
    question.formats = 0;
    EXPECT_FALSE(narrow(question, limits));
    question = anything();
    question.channels = { 4, 2 };
    EXPECT_FALSE(narrow(question, limits));
    question = anything();
    question.period = { 1 << 20, ~0U };
    limits.buffer_bytes = 4096;
    EXPECT_FALSE(narrow(question, limits));
}

// As of a USB card with a setting for each format.
TEST(HwParams, FormatsHaveRatesAndChannelsOfTheirOwn)
{
    Limits limits;
    limits.formats = s16_bit | s32_bit;
    limits.rate_range = { 44100, 192000 };
    limits.channels = { 2, 8 };
    limits.of_formats = { { XENSND_PCM_FORMAT_S16_LE, { 44100, 48000 }, { 2, 8 } },
                          { XENSND_PCM_FORMAT_S32_LE, { 44100, 192000 }, { 2, 2 } } };
    auto question = anything();
    auto answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s16_bit | s32_bit);
    EXPECT_EQ(answer->rates.max, 192000U);
    EXPECT_EQ(answer->channels.max, 8U);
    question.rates.min = 96000;
    answer = narrow(question, limits);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s32_bit);
    EXPECT_EQ(answer->channels.max, 2U);
    question.channels.min = 3;
    EXPECT_FALSE(narrow(question, limits));
    question.rates.min = 1;
    answer = narrow(question, intersect({}, limits));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->formats, s16_bit);
    EXPECT_EQ(answer->rates.max, 48000U);
}

TEST(HwParams, IntersectsRateLists)
{
    Limits left, right;
    left.rates = { 8000, 44100, 48000 };
    EXPECT_EQ(intersect(left, right).rates, left.rates);
    right.rates = { 44100, 96000 };
    EXPECT_EQ(intersect(left, right).rates, std::vector<std::uint32_t> { 44100 });
    right.rates = { 96000 };
    EXPECT_TRUE(intersect(left, right).rate_range.empty());
}

} // namespace
} // namespace sndback

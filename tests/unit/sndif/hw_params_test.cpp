// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/hw_params.hpp"

#include <gtest/gtest.h>

namespace xen_front::test {

namespace {

using wire::HwParamQuery;

constexpr HwParamQuery wide = { 0xff, { 8000, 192000 }, { 1, 8 }, { 64, 65536 }, { 32, 32768 } };
constexpr HwParamQuery narrower = { 0x06, { 44100, 48000 }, { 2, 2 }, { 256, 4096 }, { 64, 2048 } };

bool operator==(const wire::Interval &a, const wire::Interval &b)
{
    return a.min == b.min && a.max == b.max;
}

bool is_same(const HwParamQuery &a, const HwParamQuery &b)
{
    return a.formats == b.formats && a.rates == b.rates && a.channels == b.channels &&
           a.buffer == b.buffer && a.period == b.period;
}

constexpr wire::Interval HwParamQuery::*intervals[] = {
    &HwParamQuery::rates,
    &HwParamQuery::channels,
    &HwParamQuery::buffer,
    &HwParamQuery::period,
};

TEST(NarrowTest, AnswerInsideTheQuestion)
{
    auto result = narrow(wide, narrower);
    ASSERT_FALSE(result.is_error());
    EXPECT_TRUE(is_same(result.value(), narrower));
}

TEST(NarrowTest, AnswerBeyondTheQuestionIsCut)
{
    auto result = narrow(narrower, wide);
    ASSERT_FALSE(result.is_error());
    EXPECT_TRUE(is_same(result.value(), narrower));

    constexpr HwParamQuery all_ones = {
        ~uint64_t { 0 }, { ~0u, ~0u }, { ~0u, ~0u }, { ~0u, ~0u }, { ~0u, ~0u }
    };
    EXPECT_TRUE(narrow(wide, all_ones).is_error());
}

TEST(NarrowTest, OverlapAtOneEnd)
{
    HwParamQuery answer = wide;
    answer.rates = { 96000, 400000 };
    auto result = narrow(wide, answer);
    ASSERT_FALSE(result.is_error());
    EXPECT_EQ(result.value().rates.min, 96000u);
    EXPECT_EQ(result.value().rates.max, 192000u);
}

TEST(NarrowTest, NoCommonFormatIsInvalid)
{
    HwParamQuery answer = wide;
    answer.formats = 0x100;
    auto result = narrow(wide, answer);
    ASSERT_TRUE(result.is_error());
    EXPECT_EQ(result.error(), Error::Invalid);
    answer.formats = 0;
    EXPECT_TRUE(narrow(wide, answer).is_error());
}

TEST(NarrowTest, NothingLeftOfAnyIntervalIsInvalid)
{
    for (const auto interval : intervals) {
        HwParamQuery above = wide;
        (above.*interval).min = (wide.*interval).max + 1;
        (above.*interval).max = (wide.*interval).max + 1;
        EXPECT_TRUE(narrow(wide, above).is_error());

        HwParamQuery reversed = wide;
        (reversed.*interval).min = (wide.*interval).max;
        (reversed.*interval).max = (wide.*interval).min;
        EXPECT_TRUE(narrow(wide, reversed).is_error());

        HwParamQuery single = wide;
        (single.*interval).min = (wide.*interval).max;
        EXPECT_FALSE(narrow(wide, single).is_error());
    }
}

class QueryCacheTest : public ::testing::Test {
  protected:
    QueryCache cache;
};

TEST_F(QueryCacheTest, KnowsNothingAtFirst)
{
    EXPECT_EQ(cache.find(wide), nullptr);
}

TEST_F(QueryCacheTest, RemembersTheSameQuestion)
{
    cache.remember(wide, narrower);
    const HwParamQuery *found = cache.find(wide);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(is_same(*found, narrower));
}

TEST_F(QueryCacheTest, TheResultNeedsNoQuestion)
{
    cache.remember(wide, narrower);
    const HwParamQuery *found = cache.find(narrower);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(is_same(*found, narrower));
}

TEST_F(QueryCacheTest, WhatLiesBetweenQuestionAndResultIsSettled)
{
    cache.remember(wide, narrower);
    HwParamQuery between = wide;
    between.rates = { 40000, 50000 };
    const HwParamQuery *found = cache.find(between);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(is_same(*found, narrower));
}

TEST_F(QueryCacheTest, ExcludesWhatTheResultOfAWiderQuestionDoesNotHave)
{
    EXPECT_FALSE(cache.excludes(narrower));
    cache.remember(wide, narrower);
    EXPECT_FALSE(cache.excludes(wide));
    EXPECT_FALSE(cache.excludes(narrower));
    HwParamQuery other = wide;
    other.rates = { 96000, 96000 };
    EXPECT_TRUE(cache.excludes(other));
    other.rates.max = 200000; // of which the backend was not asked
    EXPECT_FALSE(cache.excludes(other));
}

// One format, rate and number of channels out of @query.
HwParamQuery settled(HwParamQuery query, uint32_t rate)
{
    query.formats &= ~(query.formats - 1);
    query.rates = { rate, rate };
    query.channels.max = query.channels.min;
    return query;
}

TEST_F(QueryCacheTest, WhatIsNarrowerButOpenIsSettledByTheWider)
{
    cache.remember(wide, narrower);
    HwParamQuery inside = narrower;
    inside.rates = { 48000, 48000 };
    const HwParamQuery *found = cache.find(inside);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(is_same(*found, narrower));
}

TEST_F(QueryCacheTest, AChosenConfigurationIsAskedAboutOnce)
{
    cache.remember(wide, narrower);
    const HwParamQuery chosen = settled(narrower, 48000);
    EXPECT_EQ(cache.find(chosen), nullptr);

    HwParamQuery limits = chosen;
    limits.buffer.max = chosen.buffer.max - 1;
    cache.remember(chosen, limits);
    HwParamQuery with_buffer = chosen;
    with_buffer.buffer.min = chosen.buffer.min + 1;
    const HwParamQuery *found = cache.find(with_buffer);
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(is_same(*found, limits));

    EXPECT_EQ(cache.find(settled(narrower, 44100)), nullptr);
}

TEST_F(QueryCacheTest, WhatIsWiderThanTheQuestionIsNot)
{
    cache.remember(narrower, narrower);
    EXPECT_EQ(cache.find(wide), nullptr);
    HwParamQuery wider = narrower;
    wider.formats |= 0x10;
    EXPECT_EQ(cache.find(wider), nullptr);
}

TEST_F(QueryCacheTest, ForgetsTheOldestFirst)
{
    for (uint32_t i = 0; i < 9; i++)
        cache.remember(settled(narrower, 1000 * (i + 1)), settled(narrower, 1000 * (i + 1)));
    EXPECT_EQ(cache.find(settled(narrower, 1000)), nullptr);
    for (uint32_t i = 1; i < 9; i++)
        EXPECT_NE(cache.find(settled(narrower, 1000 * (i + 1))), nullptr) << i;
}

TEST_F(QueryCacheTest, ClearForgetsAll)
{
    cache.remember(wide, narrower);
    cache.clear();
    EXPECT_EQ(cache.find(wide), nullptr);
    cache.remember(narrower, narrower);
    EXPECT_EQ(cache.find(wide), nullptr);
    EXPECT_NE(cache.find(narrower), nullptr);
}

} // namespace

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// HW_PARAM_QUERY: what a backend can narrow, how often it is asked, and what its refusal does.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

using fake::PcmRanges;
using wire::HwParamQuery;
using wire::Operation;

class NegotiationTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
        file = open();
        ASSERT_TRUE(file);
    }
    void TearDown() override
    {
        file.reset();
        DriverTest::TearDown();
    }
    size_t queries()
    {
        return stream().count(Operation::HwParamQuery);
    }
    // Everything that is possible.
    PcmRanges refined()
    {
        PcmRanges ranges = fake::any_params();
        EXPECT_EQ(file->refine(ranges), 0);
        return ranges;
    }

    std::unique_ptr<PcmFile> file;
};

TEST_F(NegotiationTest, XenStoreLimitsAreTheHardware)
{
    const PcmRanges ranges = refined();
    EXPECT_EQ(ranges.formats, (1u << 0 | 1u << 1 | 1u << 2 | 1u << 6 | 1u << 14 | 1u << 22));
    EXPECT_EQ(ranges.rate_min, 8000u);
    EXPECT_EQ(ranges.rate_max, 192000u);
    EXPECT_EQ(ranges.channels_min, 1u);
    EXPECT_EQ(ranges.channels_max, 8u);
    EXPECT_GE(ranges.period_frames_min, 32u);
    // 64 KiB of the smallest frames, half a byte.
    EXPECT_EQ(ranges.buffer_frames_max, 131072u);
}

TEST_F(NegotiationTest, OrdinaryParametersTakeAtMostTwoQueries)
{
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_LE(queries(), 2u);
    EXPECT_GE(queries(), 1u);
    EXPECT_EQ(file->params().rate, 48000u);
    EXPECT_EQ(file->params().buffer_frames, 1024u);
}

TEST_F(NegotiationTest, SameQuestionIsAskedOnce)
{
    refined();
    const size_t once = queries();
    refined();
    refined();
    EXPECT_EQ(queries(), once);
}

TEST_F(NegotiationTest, BackendNarrowsWhatApplicationsSee)
{
    stream().on_query = [](HwParamQuery query) {
        query.formats = 1u << 2;
        query.rates = { 44100, 48000 };
        query.channels = { 2, 2 };
        query.buffer = { 512, 8192 };
        query.period = { 128, 2048 };
        return query;
    };
    const PcmRanges ranges = refined();
    EXPECT_EQ(ranges.formats, 1u << 2);
    EXPECT_EQ(ranges.rate_min, 44100u);
    EXPECT_EQ(ranges.rate_max, 48000u);
    EXPECT_EQ(ranges.channels_min, 2u);
    EXPECT_EQ(ranges.channels_max, 2u);
    EXPECT_EQ(ranges.buffer_frames_min, 512u);
    EXPECT_EQ(ranges.buffer_frames_max, 8192u);
    EXPECT_EQ(ranges.period_frames_min, 128u);
    EXPECT_EQ(ranges.period_frames_max, 2048u);
    EXPECT_LE(queries(), 2u);
}

TEST_F(NegotiationTest, NarrowedToOneConfiguration)
{
    stream().on_query = [](HwParamQuery query) {
        query.formats = 1u << 2;
        query.rates = { 48000, 48000 };
        query.channels = { 2, 2 };
        query.buffer = { 1024, 1024 };
        query.period = { 256, 256 };
        return query;
    };
    EXPECT_EQ(file->hw_params(fake::any_params()), 0);
    EXPECT_EQ(file->params().period_frames, 256u);
    EXPECT_EQ(file->params().buffer_frames, 1024u);
    EXPECT_EQ(file->params().rate, 48000u);
    EXPECT_LE(queries(), 2u);
}

TEST_F(NegotiationTest, WhatTheBackendCannotDoFails)
{
    stream().on_query = [](HwParamQuery query) {
        query.rates = { 44100, 44100 };
        return query;
    };
    EXPECT_EQ(file->hw_params(small_params), -EINVAL);
    EXPECT_EQ(file->state(), PcmState::Open);
    PcmParams params = small_params;
    params.rate = 44100;
    EXPECT_EQ(file->hw_params(params), 0);
}

// There are backends that do not survive a question to which there is no answer.
TEST_F(NegotiationTest, WhatIsKnownToBeImpossibleIsNotAsked)
{
    stream().on_query = [](HwParamQuery query) {
        EXPECT_LE(query.rates.min, 44100u);
        EXPECT_GE(query.rates.max, 44100u);
        query.rates = { 44100, 44100 };
        return query;
    };
    EXPECT_EQ(refined().rate_max, 44100u);
    PcmRanges ranges = fake::exactly(small_params);
    EXPECT_EQ(file->refine(ranges), -EINVAL);
    EXPECT_EQ(file->hw_params(small_params), -EINVAL);
}

TEST_F(NegotiationTest, RefusalLeavesTheLimitsOfXenStore)
{
    const PcmRanges expected = refined();
    file.reset();
    file = open();
    stream().statuses[Operation::HwParamQuery] = -22;
    const PcmRanges ranges = refined();
    EXPECT_EQ(ranges.formats, expected.formats);
    EXPECT_EQ(ranges.rate_max, expected.rate_max);
    EXPECT_EQ(ranges.channels_max, expected.channels_max);
    EXPECT_EQ(ranges.buffer_frames_max, expected.buffer_frames_max);
    EXPECT_EQ(ranges.period_frames_min, expected.period_frames_min);
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
}

TEST_F(NegotiationTest, RefusedQuestionIsAskedOnce)
{
    stream().statuses[Operation::HwParamQuery] = -95;
    refined();
    const size_t once = queries();
    refined();
    EXPECT_EQ(queries(), once);
}

TEST_F(NegotiationTest, NonsenseLeavesTheLimitsOfXenStore)
{
    const auto range = [](wire::Interval HwParamQuery::*of_what, wire::Interval value) {
        return [of_what, value](HwParamQuery &answer) {
            answer.*of_what = value;
        };
    };
    const std::vector<std::function<void(HwParamQuery &)>> lies = {
        [](HwParamQuery &answer) { answer = {}; },
        [](HwParamQuery &answer) { answer.formats = 0; },
        range(&HwParamQuery::rates, { 48000, 8000 }),
        range(&HwParamQuery::channels, { 0, 0 }),
        range(&HwParamQuery::buffer, { ~0u, 1 }),
        range(&HwParamQuery::period, { 0, 0 }),
    };
    for (const auto &lie : lies) {
        file.reset();
        file = open();
        stream().on_query = [&lie](HwParamQuery query) {
            lie(query);
            return query;
        };
        EXPECT_EQ(file->hw_params(small_params), 0);
    }
}

TEST_F(NegotiationTest, AnswerWiderThanTheQuestionWidensNothing)
{
    stream().on_query = [](HwParamQuery query) {
        query.formats = ~uint64_t { 0 };
        query.rates = { 1, ~0u };
        query.channels = { 1, ~0u };
        query.buffer = { 1, ~0u };
        query.period = { 1, ~0u };
        return query;
    };
    const PcmRanges ranges = refined();
    EXPECT_EQ(ranges.rate_max, 192000u);
    EXPECT_EQ(ranges.channels_max, 8u);
    EXPECT_EQ(ranges.formats >> 25, 0u);
    EXPECT_EQ(file->hw_params(small_params), 0);
}

TEST_F(NegotiationTest, AskedAgainByTheNextApplication)
{
    EXPECT_EQ(refined().rate_max, 192000u);
    file.reset();
    stream().on_query = [](HwParamQuery query) {
        query.rates = { 8000, 48000 };
        return query;
    };
    file = open();
    EXPECT_EQ(refined().rate_max, 48000u);
}

TEST_F(NegotiationTest, NeverAskedAfterOpen)
{
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->prepare(), 0);
    const size_t before = queries();
    PcmRanges ranges = fake::any_params();
    EXPECT_EQ(file->refine(ranges), 0);
    EXPECT_EQ(queries(), before);
}

// As aplay does with a second file: what the backend has said before still counts.
TEST_F(NegotiationTest, OpenStreamIsNotOfferedWhatTheBackendLacks)
{
    stream().on_query = [](HwParamQuery query) {
        const bool is_possible = query.rates.min <= 48000 && query.rates.max >= 48000;
        query.rates = is_possible ? wire::Interval { 48000, 48000 } : wire::Interval { 1, 0 };
        return query;
    };
    EXPECT_EQ(refined().rate_min, 48000u);
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->prepare(), 0);
    const size_t before = queries();
    const PcmRanges ranges = refined();
    EXPECT_EQ(ranges.rate_min, 48000u);
    EXPECT_EQ(ranges.rate_max, 48000u);
    PcmParams params = small_params;
    params.rate = 44100;
    EXPECT_EQ(file->hw_params(params), -EINVAL);
    EXPECT_EQ(queries(), before);
}

TEST_F(NegotiationTest, AskedAgainOnceTheStreamIsClosed)
{
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->prepare(), 0);
    ASSERT_EQ(file->hw_free(), 0);
    const size_t before = queries();
    PcmParams params = small_params;
    params.rate = 8000;
    EXPECT_EQ(file->hw_params(params), 0);
    EXPECT_GT(queries(), before);
}

// A stream that was prepared takes new parameters, of which the backend is not asked.
TEST_F(NegotiationTest, ParametersOfAPreparedStream)
{
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->prepare(), 0);
    PcmParams params = small_params;
    params.rate = 44100;
    EXPECT_EQ(file->hw_params(params), 0);
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().opened()->pcm_rate, 44100u);
}

// Without a response the driver goes on with what XenStore says.
TEST_F(NegotiationTest, WithoutResponseItIsWaitedForOnce)
{
    stream().withheld = { Operation::HwParamQuery };
    const auto start = kernel.timeline.now();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_GE(kernel.timeline.now() - start, std::chrono::milliseconds(1000));
    EXPECT_LT(kernel.timeline.now() - start, std::chrono::milliseconds(1100));
    EXPECT_EQ(complaints().size(), 1u);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(file->hw_params(small_params), 0);
}

// One question at a time: the next may be asked when the backend has answered this one, however
// late.
TEST_F(NegotiationTest, AskedAgainOnceALateAnswerIsThere)
{
    stream().withheld = { Operation::HwParamQuery };
    refined();
    stream().withheld.clear();
    stream().answer_all();
    const size_t before = queries();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_GT(queries(), before);
}

TEST_F(NegotiationTest, NextBackendIsAskedWhateverTheOneBeforeOwes)
{
    stream().withheld = { Operation::HwParamQuery };
    refined();
    backend.publish(XenbusState::Closed);
    backend.detach();
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(queries(), 0u);
    refined();
    EXPECT_EQ(queries(), 1u);
}

// A period of 32 frames would be 6000 interrupts a second.
TEST_F(NegotiationTest, PeriodsAreLimitedByTime)
{
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 192000, 2, 95, 1024 }), -EINVAL);
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 192000, 2, 96, 1024 }), 0);
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 2, 31, 128 }), -EINVAL);
    EXPECT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 2, 32, 128 }), 0);
}

TEST_F(NegotiationTest, RatesBetweenThoseOfTheListAreRefused)
{
    PcmParams params = small_params;
    params.rate = 32000;
    EXPECT_EQ(file->hw_params(params), -EINVAL);
    params.rate = 44100;
    EXPECT_EQ(file->hw_params(params), 0);
}

TEST_F(NegotiationTest, LimitsOfBufferAndPeriod)
{
    PcmParams params = small_params;
    params.buffer_frames = 16384; // 64 KiB
    params.period_frames = 8192;
    EXPECT_EQ(file->hw_params(params), 0);
    params.buffer_frames = 16385;
    EXPECT_EQ(file->hw_params(params), -EINVAL);
    params = small_params;
    params.period_frames = 513; // not two of them
    EXPECT_EQ(file->hw_params(params), -EINVAL);
    params.period_frames = 31;
    EXPECT_EQ(file->hw_params(params), -EINVAL);
    params.period_frames = 32;
    EXPECT_EQ(file->hw_params(params), 0);
}

// A backend may take long to close; the next application finds that it has.
TEST_F(NegotiationTest, BackendIsAskedOnceItHasClosed)
{
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
    stream().withheld = { Operation::Close };
    file.reset();
    kernel.timeline.pass(std::chrono::seconds(3));
    stream().withheld.clear();
    stream().answer_all();
    const size_t before = queries();
    file = open();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_GT(queries(), before);
}

} // namespace

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
#include "unit/server/session_fixture.h"

namespace sndback {
namespace {

TEST_F(SessionTest, PlaysFromOpenToClose)
{
    EXPECT_EQ(send(open_request()), 0);
    EXPECT_EQ(memory_.mapped, 1) << "the directory is unmapped, the buffer stays";
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 4 * period_bytes)), 0);
    EXPECT_EQ(last_.offset, 0U);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_EQ(session_->device()->service(10ms, {}), period_bytes);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_PAUSE), 11ms), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_RESUME), 21ms), 0);
    EXPECT_EQ(session_->device()->service(30ms, {}), 2 * period_bytes);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_STOP), 31ms), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_STOP), 31ms), 0);
    EXPECT_EQ(send(request(XENSND_OP_CLOSE), 31ms), 0);
    EXPECT_EQ(session_->device(), nullptr);
    EXPECT_EQ(memory_.mapped, 0);
    EXPECT_EQ(statistics_->violations, 0U);
    EXPECT_EQ(statistics_->bytes, 4U * period_bytes);
}

TEST_F(SessionTest, RefusesWrongOpens)
{
    // Its pages are there.
    directory_ = memory_.add_buffer(buffer_bytes + 2 * page_size);
    const auto refused = [this](auto change, int status) {
        xensnd_req request = open_request();
        change(request.op.open);
        EXPECT_EQ(send(request), status);
        EXPECT_EQ(session_->device(), nullptr);
        EXPECT_EQ(memory_.mapped, 0);
    };
    refused([](auto &open) { open.pcm_format = 25; }, -XEN_EINVAL);
    refused([](auto &open) { open.pcm_format = XENSND_PCM_FORMAT_S8; }, -XEN_EINVAL);
    refused([](auto &open) { open.pcm_rate = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.pcm_rate = 8000; }, -XEN_EINVAL);
    refused([](auto &open) { open.pcm_channels = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.pcm_channels = 3; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = open.period_sz = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = 3, open.period_sz = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = buffer_bytes + page_size + 4; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = 0xffff'ffff; }, -XEN_EINVAL);
    refused([](auto &open) { open.period_sz = 1921; }, -XEN_EINVAL);
    refused([](auto &open) { open.period_sz = open.buffer_sz + 4; }, -XEN_EINVAL);
    refused([](auto &open) { open.gref_directory = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.gref_directory = 55; }, -XEN_EFAULT);
    directory_ = memory_.add_buffer(buffer_bytes + page_size);
    memory_.pages.erase(101);
    refused([](auto &) {}, -XEN_EFAULT);
    memory_.most_pages = 4;
    refused([](auto &) {}, -XEN_ENOMEM);
    memory_.most_pages = 256;
    directory_ = memory_.add_buffer(buffer_bytes + page_size);
    xensnd_req one_period = open_request();
    one_period.op.open.period_sz = one_period.op.open.buffer_sz;
    EXPECT_EQ(send(one_period), 0);
}

TEST_F(SessionTest, RefusesRequestsOutOfTurn)
{
    for (const std::uint8_t operation :
         { XENSND_OP_READ, XENSND_OP_WRITE, XENSND_OP_SET_VOLUME, XENSND_OP_GET_VOLUME,
           XENSND_OP_MUTE, XENSND_OP_UNMUTE, XENSND_OP_TRIGGER })
        EXPECT_EQ(send(request(operation)), -XEN_EINVAL);
    EXPECT_EQ(statistics_->violations, 7U);
    EXPECT_EQ(send(request(10)), -XEN_EINVAL);
    EXPECT_EQ(send(request(255)), -XEN_EINVAL);
    EXPECT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_READ, 0, 4)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_PAUSE)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_RESUME)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(4)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), -XEN_EINVAL);
    EXPECT_EQ(send(open_request()), -XEN_EBUSY);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_PAUSE)), 0);
    EXPECT_EQ(send(open_request()), -XEN_EBUSY);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_RESUME)), 0) << "it is as it was";
}

// As the in-tree driver does under OSS emulation.
TEST_F(SessionTest, OpensAnewWhatStandsStill)
{
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes)), 0);
    auto other = open_request();
    other.op.open.pcm_channels = 1;
    other.op.open.period_sz = period_bytes / 2;
    EXPECT_EQ(send(other), 0) << "only opened";
    EXPECT_EQ(memory_.mapped, 1);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 4 * period_bytes)), 0);
    EXPECT_EQ(last_.offset, 0U);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_EQ(session_->device()->service(10ms, {}), period_bytes / 2);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_STOP), 10ms), 0);
    EXPECT_EQ(send(open_request(), 10ms), 0) << "stopped";
    EXPECT_EQ(memory_.mapped, 1);
    EXPECT_EQ(statistics_->violations, 0U);
    // What it is refused to open anew is closed, as what it is refused to open at all.
    other.op.open.pcm_channels = 77;
    EXPECT_EQ(send(other, 10ms), -XEN_EINVAL);
    EXPECT_EQ(memory_.mapped, 0);
    EXPECT_EQ(send(request(XENSND_OP_CLOSE), 10ms), 0);
}

// As the in-tree driver does, of a stream that it was refused to open, and of one that it has not
// opened yet.
TEST_F(SessionTest, WhatIsNotOpenMayBeClosed)
{
    EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    auto wrong = open_request();
    wrong.op.open.pcm_channels = 77;
    ASSERT_EQ(send(wrong), -XEN_EINVAL);
    EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    EXPECT_EQ(statistics_->violations, 0U);
    EXPECT_EQ(statistics_->refused, 1U);
}

// The in-tree driver says PAUSE when its guest is suspended, and START when it goes on.
TEST_F(SessionTest, StartsAnewAfterAPause)
{
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 2 * period_bytes)), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_PAUSE), 5ms), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START), 10ms), 0);
    // What had been written is dropped, as by STOP.
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes), 10ms), 0);
    EXPECT_EQ(last_.offset, period_bytes / 2);
    EXPECT_EQ(statistics_->violations, 0U);
}

TEST_F(SessionTest, RefusesRangesOutsideTheBuffer)
{
    ASSERT_EQ(send(open_request()), 0);
    constexpr std::uint32_t end = buffer_bytes + page_size;
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 0)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, end, 4)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, end - 4, 8)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, end - 3, 4)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0xffff'fffc, 8)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 8, 0xffff'fffc)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 6)), -XEN_EINVAL);
    EXPECT_EQ(statistics_->violations, 7U);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, end - 4, 4)), 0);
}

TEST_F(SessionTest, FullDeviceMakesWriteWaitOnlyWhileItRuns)
{
    ASSERT_EQ(send(open_request()), 0);
    ASSERT_EQ(send(range_request(XENSND_OP_WRITE, 0, buffer_bytes + page_size)), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes)), -XEN_EAGAIN);
    ASSERT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_FALSE(send(range_request(XENSND_OP_WRITE, 0, period_bytes)));
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes), 0s, false), -XEN_EAGAIN);
    EXPECT_EQ(session_->device()->service(10ms, {}), period_bytes);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes), 10ms), 0);
}

TEST_F(SessionTest, VolumeIsKeptAndClamped)
{
    ASSERT_EQ(send(open_request()), 0);
    value(0) = -6020;
    value(1) = 1'000'000;
    EXPECT_EQ(send(range_request(XENSND_OP_SET_VOLUME, buffer_bytes, 8)), 0);
    value(0) = value(1) = 0;
    EXPECT_EQ(send(range_request(XENSND_OP_GET_VOLUME, buffer_bytes, 8)), 0);
    EXPECT_EQ(value(0), -6020);
    EXPECT_EQ(value(1), Gain::highest);
    ASSERT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_GET_VOLUME, buffer_bytes, 8)), 0);
    EXPECT_EQ(value(0), -6020);
}

// sndif.h: "for values other than zero, the corresponding channel is muted", and likewise for
// unmute.
TEST_F(SessionTest, MutesTheChannelsThatAreNamed)
{
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    const auto change = [this](std::uint8_t operation, std::int32_t left, std::int32_t right) {
        value(0) = left;
        value(1) = right;
        const std::uint64_t before = session_->work();
        EXPECT_EQ(send(range_request(operation, buffer_bytes, 8)), 0);
        // A page for each that has changed.
        return (session_->work() - before) / page_size;
    };
    EXPECT_EQ(change(XENSND_OP_UNMUTE, 1, 1), 0U) << "as they are";
    EXPECT_EQ(change(XENSND_OP_MUTE, 0, 0), 0U);
    EXPECT_EQ(change(XENSND_OP_MUTE, 1, 0), 1U);
    EXPECT_EQ(change(XENSND_OP_MUTE, 1, 1), 1U);
    EXPECT_EQ(change(XENSND_OP_UNMUTE, 0, 1), 1U);
    EXPECT_EQ(change(XENSND_OP_UNMUTE, 1, 1), 1U);
}

TEST_F(SessionTest, VolumeRequestsAreChecked)
{
    ASSERT_EQ(send(open_request()), 0);
    for (const std::uint8_t operation :
         { XENSND_OP_SET_VOLUME, XENSND_OP_GET_VOLUME, XENSND_OP_MUTE, XENSND_OP_UNMUTE }) {
        EXPECT_EQ(send(range_request(operation, buffer_bytes, 4)), -XEN_EINVAL);
        EXPECT_EQ(send(range_request(operation, buffer_bytes, 12)), -XEN_EINVAL);
        EXPECT_EQ(send(range_request(operation, buffer_bytes + page_size - 4, 8)), -XEN_EINVAL);
        EXPECT_EQ(send(range_request(operation, buffer_bytes + 1, 8)), 0)
            << "alignment is not asked for";
    }
    ASSERT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    xensnd_req open = open_request();
    open.op.open.pcm_format = XENSND_PCM_FORMAT_MU_LAW;
    ASSERT_EQ(send(open), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_SET_VOLUME, buffer_bytes, 8)), -XEN_EOPNOTSUPP);
}

TEST_F(SessionTest, QueryNarrowsAlsoWhileOpen)
{
    ASSERT_EQ(send(open_request()), 0);
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { ~0ULL, { 1, 46000 }, { 2, 8 }, { 1, 1U << 30 }, { 1, 1U << 30 } };
    EXPECT_EQ(send(query), 0);
    EXPECT_EQ(last_.response.resp.hw_param.rates.min, 44100U);
    EXPECT_EQ(last_.response.resp.hw_param.rates.max, 44100U);
    EXPECT_EQ(last_.response.resp.hw_param.channels.max, 2U);
    query.op.hw_param.rates = { 1, 2 };
    EXPECT_EQ(send(query), -XEN_EINVAL);
}

class OwnVolumeTest : public SessionTest {
  protected:
    OwnVolumeTest() : SessionTest(true, { .positions = {}, .own_volume = -6020 })
    {
    }
};

TEST_F(OwnVolumeTest, HoldsUntilTheGuestSetsOne)
{
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_GET_VOLUME, buffer_bytes, 8)), 0);
    EXPECT_EQ(value(0), -6020);
    EXPECT_EQ(value(1), -6020);
    value(0) = value(1) = 0;
    EXPECT_EQ(send(range_request(XENSND_OP_SET_VOLUME, buffer_bytes, 8)), 0);
    value(0) = value(1) = 1;
    EXPECT_EQ(send(range_request(XENSND_OP_GET_VOLUME, buffer_bytes, 8)), 0);
    EXPECT_EQ(value(0), 0);
    EXPECT_EQ(value(1), 0);
}

class NoVolumeTest : public SessionTest {
  protected:
    NoVolumeTest() : SessionTest(true, { .positions = {}, .volume = false })
    {
    }
};

TEST_F(NoVolumeTest, RefusesVolumeAndPlaysOn)
{
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_SET_VOLUME, buffer_bytes, 8)), -XEN_EOPNOTSUPP);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes)), 0);
    EXPECT_EQ(statistics_->violations, 0U);
}

class NoQueryTest : public SessionTest {
  protected:
    NoQueryTest() : SessionTest(true, { .positions = {}, .queries = false })
    {
    }
};

TEST_F(NoQueryTest, RefusesQueriesAndOpens)
{
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { ~0ULL, { 1, 48000 }, { 1, 8 }, { 1, 1U << 30 }, { 1, 1U << 30 } };
    EXPECT_EQ(send(query), -XEN_EINVAL);
    EXPECT_EQ(send(open_request()), 0);
    EXPECT_EQ(statistics_->violations, 0U);
}

class CaptureSessionTest : public SessionTest {
  protected:
    CaptureSessionTest() : SessionTest(false)
    {
    }
};

TEST_F(CaptureSessionTest, ReadsWhatIsThereAndWaitsForTheRest)
{
    ASSERT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 4)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_READ, 0, period_bytes)), -XEN_EAGAIN) << "not started";
    ASSERT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_FALSE(send(range_request(XENSND_OP_READ, 64, period_bytes), 5ms));
    EXPECT_EQ(send(range_request(XENSND_OP_READ, 64, period_bytes), 10ms), 0);
    std::vector<std::byte> expected(period_bytes);
    PatternSource().fill(0, expected);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), memory_.last_mapping.begin() + 64));
}

} // namespace
} // namespace sndback

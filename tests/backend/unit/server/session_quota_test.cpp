// SPDX-License-Identifier: GPL-2.0-only
//
// What a guest's streams may take of this domain.
#include <fstream>
#include <thread>

#include "server/negotiation.hpp"
#include "unit/server/session_fixture.h"

namespace sndback {
namespace {

// What one guest's streams take of this domain's processors has a limit, whatever the directory
// says.
TEST_F(SessionTest, KeepsToTheQuotaOfRateAndPeriods)
{
    GuestRules rules = all_on("null");
    rules.quota.rate = 48'000;
    rules.quota.channels = 2;
    rules.quota.periods = 500;
    devices_.set_rules(rules, {});
    config_.limits = {};
    const auto status_of = [&](std::uint32_t rate, std::uint32_t period,
                               std::uint8_t channels = 2) {
        xensnd_req request = open_request();
        request.op.open.pcm_rate = rate;
        request.op.open.pcm_channels = channels;
        request.op.open.period_sz = period;
        const std::optional<int> status = send(request);
        if (status == 0)
            (void)send(SessionTest::request(XENSND_OP_CLOSE));
        return status;
    };
    EXPECT_EQ(status_of(48'000, 384), 0); // 96 frames: 500 a second
    EXPECT_EQ(status_of(48'000, 380), -XEN_EINVAL);
    EXPECT_EQ(status_of(47'999, 384), 0);
    EXPECT_EQ(status_of(47'999, 380), -XEN_EINVAL) << "505.2";
    EXPECT_EQ(status_of(48'001, 3840), -XEN_EINVAL);
    EXPECT_EQ(status_of(48'000, 3840, 3), -XEN_EINVAL);
    EXPECT_EQ(status_of(0, 3840), -XEN_EINVAL);
    EXPECT_EQ(status_of(48'000, 384), 0); // what is closed counts no longer
    const DeviceFactory::Share another_stream(devices_, { .periods = 1 });
    EXPECT_EQ(status_of(48'000, 384), -XEN_EINVAL);

    // A query does not promise what no stream may have.
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { ~0ULL, { 1000, ~0U }, { 1, ~0U }, { 1, 1U << 20 }, { 1, 1U << 20 } };
    EXPECT_EQ(send(query), 0);
    EXPECT_EQ(last_.response.resp.hw_param.rates.max, 48'000U);
    EXPECT_EQ(last_.response.resp.hw_param.channels.max, 2U);
    EXPECT_EQ(last_.response.resp.hw_param.period.min, 2U);
    query.op.hw_param.rates.min = 1001;
    EXPECT_EQ(send(query), 0);
    EXPECT_EQ(last_.response.resp.hw_param.period.min, 3U);
}

// A period that is begun counts, and one that is shorter than a frame has a frame.
TEST(LoadOf, CountsPeriods)
{
    const auto load = [](std::uint32_t rate, std::uint32_t buffer, std::uint32_t period) {
        const StreamFormat format { find_format(XENSND_PCM_FORMAT_S16_LE), rate, 2 };
        return load_of({ format, buffer, period, {} });
    };
    EXPECT_EQ(load(44'100, 16'384, 4000).periods, 45U);
    EXPECT_EQ(load(44'000, 16'384, 4000).periods, 44U);
    EXPECT_EQ(load(8000, 65'536, 64'000).periods, 1U);
    EXPECT_EQ(load(8000, 4, 0).periods, 8000U);
    EXPECT_EQ(load(8000, 4, 0).octets, 32'000U);
}

TEST_F(SessionTest, KeepsToTheQuotaOfBuffers)
{
    GuestRules rules = all_on("null");
    rules.quota.buffer_kib = 8;
    devices_.set_rules(rules, {});
    xensnd_req open = open_request();
    open.op.open.buffer_sz = 8192 + page_size;
    directory_ = open.op.open.gref_directory = memory_.add_buffer(open.op.open.buffer_sz);
    EXPECT_EQ(send(open), 0);
    EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    open.op.open.buffer_sz += 4;
    open.op.open.gref_directory = memory_.add_buffer(open.op.open.buffer_sz);
    EXPECT_EQ(send(open), -XEN_EINVAL);
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { ~0ULL, { 1, ~0U }, { 2, 2 }, { 1, ~0U }, { 1, ~0U } };
    EXPECT_EQ(send(query), 0);
    EXPECT_EQ(last_.response.resp.hw_param.buffer.max, 8192U / 2) << "of mu-law";
}

TEST_F(SessionTest, KeepsToTheQuotaOfBandwidth)
{
    GuestRules rules = all_on("null");
    rules.quota.bandwidth_mib = 1;
    devices_.set_rules(rules, {});
    config_.limits = {};
    xensnd_req open = open_request();
    open.op.open.pcm_rate = 192'000; // 768,000 octets a second
    EXPECT_EQ(send(open), 0);
    Session another(config_, memory_, devices_, *journal_, {});
    EXPECT_EQ(another.handle(open, 0s, true)->response.status, -XEN_EINVAL);
    open.op.open.pcm_rate = 48'000;
    EXPECT_EQ(another.handle(open, 0s, true)->response.status, 0);
    EXPECT_EQ(another.handle(request(XENSND_OP_CLOSE), 0s, true)->response.status, 0);
    EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    open.op.open.pcm_rate = (1U << 20) / 4;
    EXPECT_EQ(send(open), 0) << "all of it, which closed streams do not take any more";
    EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
    ++open.op.open.pcm_rate;
    EXPECT_EQ(send(open), -XEN_EINVAL);

    // A query does not promise what no stream may have.
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { 1ULL << XENSND_PCM_FORMAT_S32_LE | 1ULL << XENSND_PCM_FORMAT_F64_LE,
                          { 48'000, 384'000 },
                          { 4, 64 },
                          { 1, 1U << 20 },
                          { 1, 1U << 20 } };
    EXPECT_EQ(send(query), 0);
    EXPECT_EQ(last_.response.resp.hw_param.formats, 1ULL << XENSND_PCM_FORMAT_S32_LE);
    EXPECT_EQ(last_.response.resp.hw_param.rates.max, (1U << 20) / 16);
    EXPECT_EQ(last_.response.resp.hw_param.channels.max, 5U);
}

// What a guest's quota of requests is charged with.
TEST_F(SessionTest, CountsWhatRequestsCost)
{
    const auto cost_of = [&](const xensnd_req &request, int status) {
        const std::uint64_t before = session_->work();
        EXPECT_EQ(send(request), status);
        return session_->work() - before;
    };
    xensnd_req refused = open_request();
    refused.op.open.buffer_sz = 0xffff'ffff;
    EXPECT_EQ(cost_of(refused, -XEN_EINVAL), 0U);
    EXPECT_GE(cost_of(open_request(), 0), buffer_bytes / 4 + 32 * page_size);
    EXPECT_EQ(cost_of(range_request(XENSND_OP_WRITE, 0, period_bytes), 0), period_bytes);
    // What a sound server has to do for it is like an OPEN.
    constexpr std::uint64_t device = 32 * page_size;
    EXPECT_GE(cost_of(trigger_request(XENSND_OP_TRIGGER_START), 0), device);
    EXPECT_GE(cost_of(trigger_request(XENSND_OP_TRIGGER_PAUSE), 0), buffer_bytes);
    EXPECT_GE(cost_of(trigger_request(XENSND_OP_TRIGGER_RESUME), 0), device);
    EXPECT_GE(cost_of(trigger_request(XENSND_OP_TRIGGER_STOP), 0), device);
    EXPECT_EQ(cost_of(trigger_request(XENSND_OP_TRIGGER_STOP), 0), 0U);
    value(0) = value(1) = -1;
    EXPECT_GE(cost_of(range_request(XENSND_OP_SET_VOLUME, buffer_bytes, 8), 0), page_size);
    EXPECT_EQ(cost_of(range_request(XENSND_OP_SET_VOLUME, buffer_bytes, 8), 0), 0U);
}

// What STOP and CLOSE find unplayed goes into a recording; nothing else has to go through it.
TEST_F(SessionTest, CountsWhatIsRenderedInTheEnd)
{
    const auto cost_of = [&](const xensnd_req &request) {
        const std::uint64_t before = session_->work();
        EXPECT_EQ(send(request), 0);
        return session_->work() - before;
    };
    const auto close_unplayed = [&] {
        EXPECT_EQ(send(open_request()), 0);
        EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 2 * period_bytes)), 0);
        EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
        const std::uint64_t stop = cost_of(trigger_request(XENSND_OP_TRIGGER_STOP));
        EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes)), 0);
        return std::pair(stop, cost_of(request(XENSND_OP_CLOSE)));
    };
    const auto [stop, close] = close_unplayed();
    EXPECT_EQ(close, 0U);
    const TemporaryDirectory directory;
    devices_.set_rules(all_on("wav:" + (directory / "played.wav").string()), {});
    EXPECT_EQ(close_unplayed(), std::pair(stop + 2 * period_bytes, std::uint64_t { period_bytes }));
}

// A new recording's number is found by looking at all that are there.
TEST_F(SessionTest, CountsTheRecordingsThatAreThere)
{
    constexpr unsigned files = 100;
    const TemporaryDirectory directory;
    for (unsigned file = 0; file < files; ++file)
        std::ofstream(directory / std::to_string(file)).put('x');
    devices_.set_rules(all_on("wav:" + (directory / "played.wav").string()), {});
    const auto record = [&] {
        const std::uint64_t before = session_->work();
        EXPECT_EQ(send(open_request()), 0);
        const std::uint64_t cost = session_->work() - before;
        EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, period_bytes)), 0);
        EXPECT_EQ(send(request(XENSND_OP_CLOSE)), 0);
        return cost;
    };
    const std::uint64_t first = record();
    EXPECT_GE(record(), first + std::uint64_t { files } * 256);
}

// What a device can do may have to be read from a file, each time.
TEST_F(SessionTest, CountsWhatAQueryCosts)
{
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { ~0ULL, { 1, 48'000 }, { 1, 8 }, { 1, 1U << 30 }, { 1, 1U << 30 } };
    for (unsigned count = 1; count <= 2; ++count) {
        EXPECT_EQ(send(query), 0);
        EXPECT_GE(session_->work(), count * 8 * page_size);
    }
}

// A sound server's plugin takes longer than a card does.
TEST_F(SessionTest, CountsTheTimeThatADeviceTakes)
{
    each_takes_ = 3ms;
    constexpr std::uint64_t work = 3000 * 256;
    const auto cost_of = [&](const xensnd_req &request) {
        const std::uint64_t before = session_->work();
        (void)send(request);
        return session_->work() - before;
    };
    EXPECT_EQ(cost_of(open_request()), work);
    EXPECT_EQ(cost_of(range_request(XENSND_OP_WRITE, 0, period_bytes)), period_bytes);
    EXPECT_EQ(cost_of(trigger_request(XENSND_OP_TRIGGER_START)), work);
    EXPECT_EQ(cost_of(trigger_request(XENSND_OP_TRIGGER_STOP)), work);
    EXPECT_EQ(cost_of(request(XENSND_OP_HW_PARAM_QUERY)), work);
    EXPECT_EQ(cost_of(request(XENSND_OP_CLOSE)), work);
    devices_.set_rules({}, {});
    EXPECT_EQ(cost_of(open_request()), work) << "what it is refused, too";
    // Its other streams go on all the same.
    each_takes_ = 1s;
    EXPECT_EQ(cost_of(request(XENSND_OP_HW_PARAM_QUERY)), 20'000 * 256u);
}

TEST(ThreadProcessorTime, PassesWhileTheThreadWorksAndNotWhileItWaits)
{
    const Time before = thread_processor_time();
    Time now = before;
    while (now - before < 2ms)
        now = thread_processor_time();
    std::this_thread::sleep_for(20ms);
    EXPECT_LT(thread_processor_time() - now, 10ms);
}

// A PCM that cannot be opened is looked for each time.
TEST_F(SessionTest, CountsWhatADeviceCostsThatCannotBeOpened)
{
    devices_.set_rules(all_on("alsa:no such PCM"), {});
    const std::uint64_t before = session_->work();
    xensnd_req query = request(XENSND_OP_HW_PARAM_QUERY);
    query.op.hw_param = { ~0ULL, { 1, 48'000 }, { 1, 8 }, { 1, 1U << 30 }, { 1, 1U << 30 } };
    EXPECT_LT(send(query), 0);
    const std::uint64_t cost = session_->work() - before;
    EXPECT_GE(cost, (8 + 32) * page_size) << "a query, and an attempt to open";
    EXPECT_LT(send(query), 0);
    EXPECT_EQ(session_->work() - before, 2 * cost);
}

} // namespace
} // namespace sndback

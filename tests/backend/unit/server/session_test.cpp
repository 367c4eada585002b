// SPDX-License-Identifier: GPL-2.0-only
#include "server/session.hpp"

#include <map>

#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

// A guest's memory: pages by grant reference, mapped by copying in and, at the end, out again.
class FakeMemory final : public GuestMemory {
  public:
    using Page = std::array<std::byte, page_size>;

    [[nodiscard]] std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) override
    {
        for (const grant_ref_t grant : grants)
            if (!pages.contains(grant))
                throw std::runtime_error(fmt::format("grant {} is not valid", grant));
        return std::make_unique<Mapping>(*this, grants);
    }

    // A buffer of that size and its directory. Returns the directory's grant.
    grant_ref_t add_buffer(std::uint32_t bytes)
    {
        std::array<std::uint32_t, page_size / 4> directory {};
        for (std::uint32_t index = 0; index * page_size < bytes; ++index) {
            directory[1 + index] = 100 + index;
            pages[100 + index] = {};
        }
        std::memcpy(pages[99].data(), directory.data(), page_size);
        return 99;
    }

    std::map<grant_ref_t, Page> pages;
    int mapped = 0;
    std::span<std::byte> last_mapping;

  private:
    class Mapping final : public GuestPages {
      public:
        Mapping(FakeMemory &memory, std::span<const grant_ref_t> grants)
            : memory_(memory), bytes_(grants.size() * page_size)
        {
            for (std::size_t index = 0; index < grants.size(); ++index)
                std::memcpy(&bytes_[index * page_size], memory.pages.at(grants[index]).data(),
                            page_size);
            ++memory_.mapped;
            memory_.last_mapping = bytes_;
        }
        ~Mapping() override
        {
            --memory_.mapped;
        }
        Mapping(const Mapping &) = delete;
        Mapping &operator=(const Mapping &) = delete;
        [[nodiscard]] std::span<std::byte> bytes() const override
        {
            return bytes_;
        }

      private:
        FakeMemory &memory_;
        mutable std::vector<std::byte> bytes_;
    };
};

constexpr std::uint32_t buffer_bytes = 16384;
constexpr std::uint32_t period_bytes = 1920;

class SessionTest : public ::testing::Test {
  protected:
    explicit SessionTest(bool playback = true, const Session::Settings &settings = {})
    {
        config_.playback = playback;
        config_.limits.formats = (1 << XENSND_PCM_FORMAT_S16_LE) | (1 << XENSND_PCM_FORMAT_MU_LAW);
        config_.limits.rates = { 44100, 48000 };
        config_.limits.channels = { 1, 2 };
        config_.limits.buffer_bytes = buffer_bytes;
        statistics_ = table_.add({ 1, 0, 0, 0, playback, "test" });
        journal_.emplace(trace_, statistics_);
        session_.emplace(config_, memory_, devices_, *journal_, settings);
        directory_ = memory_.add_buffer(buffer_bytes + page_size);
    }

    std::optional<int> send(const xensnd_req &request, Time now = 0s, bool may_wait = true)
    {
        const auto answer = session_->handle(request, now, may_wait);
        if (!answer)
            return std::nullopt;
        EXPECT_EQ(answer->response.id, request.id);
        EXPECT_EQ(answer->response.operation, request.operation);
        last_ = *answer;
        return answer->response.status;
    }

    static xensnd_req request(std::uint8_t operation)
    {
        xensnd_req request {};
        request.id = 4711;
        request.operation = operation;
        return request;
    }
    xensnd_req open_request() const
    {
        xensnd_req request = SessionTest::request(XENSND_OP_OPEN);
        request.op.open.pcm_rate = 48000;
        request.op.open.pcm_format = XENSND_PCM_FORMAT_S16_LE;
        request.op.open.pcm_channels = 2;
        request.op.open.buffer_sz = buffer_bytes + page_size;
        request.op.open.gref_directory = directory_;
        request.op.open.period_sz = period_bytes;
        return request;
    }
    static xensnd_req range_request(std::uint8_t operation, std::uint32_t offset,
                                    std::uint32_t length)
    {
        xensnd_req request = SessionTest::request(operation);
        request.op.rw.offset = offset;
        request.op.rw.length = length;
        return request;
    }
    static xensnd_req trigger_request(std::uint8_t type)
    {
        xensnd_req request = SessionTest::request(XENSND_OP_TRIGGER);
        request.op.trigger.type = type;
        return request;
    }
    std::int32_t &value(std::uint32_t channel)
    {
        return reinterpret_cast<std::int32_t *>(memory_.last_mapping.data() +
                                                buffer_bytes)[channel];
    }

    FakeMemory memory_;
    StreamConfig config_ {};
    DeviceFactory devices_ { all_on("pattern") };
    TraceFile trace_ { "" };
    StatisticsTable table_;
    std::shared_ptr<StreamStatistics> statistics_;
    std::optional<Journal> journal_;
    std::optional<Session> session_;
    grant_ref_t directory_ = 0;
    Answer last_ {};
};

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
    refused([](auto &open) { open.buffer_sz = 3; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = buffer_bytes + 2 * page_size; }, -XEN_EINVAL);
    refused([](auto &open) { open.buffer_sz = 0xffff'ffff; }, -XEN_EINVAL);
    refused([](auto &open) { open.period_sz = 1921; }, -XEN_EINVAL);
    refused([](auto &open) { open.period_sz = 4 * buffer_bytes; }, -XEN_EINVAL);
    refused([](auto &open) { open.gref_directory = 0; }, -XEN_EINVAL);
    refused([](auto &open) { open.gref_directory = 55; }, -XEN_EFAULT);
    memory_.pages.erase(101);
    refused([](auto &) {}, -XEN_EFAULT);
}

TEST_F(SessionTest, RefusesRequestsOutOfTurn)
{
    for (const std::uint8_t operation :
         { XENSND_OP_CLOSE, XENSND_OP_READ, XENSND_OP_WRITE, XENSND_OP_SET_VOLUME,
           XENSND_OP_GET_VOLUME, XENSND_OP_MUTE, XENSND_OP_UNMUTE, XENSND_OP_TRIGGER })
        EXPECT_EQ(send(request(operation)), -XEN_EINVAL);
    EXPECT_EQ(statistics_->violations, 8U);
    EXPECT_EQ(send(request(10)), -XEN_EINVAL);
    EXPECT_EQ(send(request(255)), -XEN_EINVAL);
    EXPECT_EQ(send(open_request()), 0);
    EXPECT_EQ(send(open_request()), -XEN_EBUSY);
    EXPECT_EQ(send(range_request(XENSND_OP_READ, 0, 4)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_PAUSE)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_RESUME)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(4)), -XEN_EINVAL);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), 0);
    EXPECT_EQ(send(trigger_request(XENSND_OP_TRIGGER_START)), -XEN_EINVAL);
}

TEST_F(SessionTest, RefusesRangesOutsideTheBuffer)
{
    ASSERT_EQ(send(open_request()), 0);
    constexpr std::uint32_t end = buffer_bytes + page_size;
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 0)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, end, 4)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, end - 4, 8)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0xffff'fffc, 8)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 8, 0xffff'fffc)), -XEN_EINVAL);
    EXPECT_EQ(send(range_request(XENSND_OP_WRITE, 0, 6)), -XEN_EINVAL);
    EXPECT_EQ(statistics_->violations, 6U);
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

TEST_F(SessionTest, VolumeRequestsAreChecked)
{
    ASSERT_EQ(send(open_request()), 0);
    for (const std::uint8_t operation :
         { XENSND_OP_SET_VOLUME, XENSND_OP_GET_VOLUME, XENSND_OP_MUTE, XENSND_OP_UNMUTE }) {
        EXPECT_EQ(send(range_request(operation, buffer_bytes, 4)), -XEN_EINVAL);
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
    EXPECT_EQ(send(request(XENSND_OP_HW_PARAM_QUERY)), -XEN_EINVAL);
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

// What one guest's streams take of this domain's processors has a limit, whatever the directory
// says.
TEST_F(SessionTest, KeepsToTheQuotaOfRateAndPeriods)
{
    GuestRules rules = all_on("null");
    rules.quota.rate = 48'000;
    rules.quota.periods = 500;
    devices_.set_rules(rules, {});
    config_.limits = {};
    const auto status_of = [&](std::uint32_t rate, std::uint32_t period) {
        xensnd_req request = open_request();
        request.op.open.pcm_rate = rate;
        request.op.open.period_sz = period;
        const std::optional<int> status = send(request);
        if (status == 0)
            (void)send(SessionTest::request(XENSND_OP_CLOSE));
        return status;
    };
    EXPECT_EQ(status_of(48'000, 384), 0); // 96 frames: 500 a second
    EXPECT_EQ(status_of(48'000, 380), -XEN_EINVAL);
    EXPECT_EQ(status_of(0xffffffff, period_bytes), -XEN_EINVAL);
    EXPECT_EQ(status_of(48'000, 384), 0); // what is closed counts no longer
    const DeviceFactory::Periods another_stream(devices_, 1);
    EXPECT_EQ(status_of(48'000, 384), -XEN_EINVAL);
}

} // namespace
} // namespace sndback

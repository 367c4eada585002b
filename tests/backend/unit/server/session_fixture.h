// SPDX-License-Identifier: GPL-2.0-only
//
// A session over a guest's memory that is faked.
#pragma once

#include "server/session.hpp"

#include <map>

#include "unit/support.h"

namespace sndback {

using namespace std::chrono_literals;

// A guest's memory: pages by grant reference, mapped by copying in and, at the end, out again.
class FakeMemory final : public GuestMemory {
  public:
    using Page = std::array<std::byte, page_size>;

    [[nodiscard]] std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) override
    {
        if (grants.size() > most_pages)
            throw MappingRefused("more than there may be");
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
    std::size_t most_pages = 256; // of one mapping
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

inline constexpr std::uint32_t buffer_bytes = 16384;
inline constexpr std::uint32_t period_bytes = 1920;

class SessionTest : public ::testing::Test {
  protected:
    explicit SessionTest(bool playback = true, Session::Settings settings = {})
    {
        settings.processor_time = [] {
            return processor_time_ += each_takes_;
        };
        each_takes_ = {};
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

    // Of the processor, whatever a device does.
    static inline Time each_takes_;
    static inline Time processor_time_;

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

} // namespace sndback

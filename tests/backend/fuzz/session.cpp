// SPDX-License-Identifier: GPL-2.0-only
//
// A stream from its first request to its last: requests of any bytes, on a clock that the input
// moves, over pages that change between them.
#include <cstring>

#include "protocol/request_ring.hpp"
#include "server/session.hpp"

namespace {

using namespace sndback;
using namespace std::chrono_literals;

constexpr std::size_t pages = 32;

class Input {
  public:
    Input(const std::uint8_t *data, std::size_t size) : data_(data), size_(size)
    {
    }
    [[nodiscard]] bool empty() const
    {
        return size_ == 0;
    }
    template <typename Value> Value take()
    {
        Value value {};
        const std::size_t count = std::min(sizeof(value), size_);
        std::memcpy(&value, data_, count);
        data_ += count;
        size_ -= count;
        return value;
    }

  private:
    const std::uint8_t *data_;
    std::size_t size_;
};

// Grants 1 to `pages` are valid. What is mapped is a copy: the guest changes its pages by
// `scribble`.
class Memory final : public GuestMemory {
  public:
    [[nodiscard]] std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) override
    {
        if (grants.size() > 4 * pages)
            throw MappingRefused("quota");
        for (const grant_ref_t grant : grants)
            if (grant == 0 || grant > pages)
                throw std::runtime_error("no such grant");
        return std::make_unique<Pages>(*this, grants);
    }
    std::array<std::array<std::byte, page_size>, pages> contents {};

  private:
    class Pages final : public GuestPages {
      public:
        Pages(Memory &memory, std::span<const grant_ref_t> grants)
            : bytes_(std::make_unique<std::byte[]>(grants.size() * page_size)),
              size_(grants.size() * page_size)
        {
            for (std::size_t index = 0; index < grants.size(); ++index)
                std::memcpy(&bytes_[index * page_size], memory.contents[grants[index] - 1].data(),
                            page_size);
        }
        [[nodiscard]] std::span<std::byte> bytes() const override
        {
            return { bytes_.get(), size_ };
        }

      private:
        std::unique_ptr<std::byte[]> bytes_;
        std::size_t size_;
    };
};

GuestRules rules(DeviceSpec::Kind kind)
{
    GuestRules rules;
    rules.playback = rules.capture = DeviceSpec { kind, kind == DeviceSpec::Kind::loop ? "x" : "" };
    rules.quota.buffer_kib = 64;
    return rules;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    Input input(data, size);
    Memory memory;
    // A directory that works, so that OPEN often does: pages 2 and following as the buffer.
    for (std::uint32_t page = 2; page <= pages; ++page)
        std::memcpy(&memory.contents[0][(page - 1) * sizeof(page)], &page, sizeof(page));

    StreamConfig config {};
    const auto choice = input.take<std::uint8_t>();
    config.playback = (choice & 1) != 0;
    config.limits.buffer_bytes = 1U << 16;
    DeviceFactory devices(rules((choice & 2) != 0   ? DeviceSpec::Kind::pattern
                                : (choice & 4) != 0 ? DeviceSpec::Kind::loop
                                                    : DeviceSpec::Kind::null));
    TraceFile trace("");
    StatisticsTable table;
    Journal journal(trace, table.add({ 1, 0, 0, 0, config.playback, "fuzz" }));
    Session session(config, memory, devices, journal, {});
    Time now = 1h;
    while (!input.empty()) {
        const auto step = input.take<std::uint8_t>();
        now += std::chrono::microseconds(step * step * 16);
        if (PcmDevice *device = session.device())
            (void)device->service(now, {});
        if (step % 8 == 0) {
            memory.contents[input.take<std::uint8_t>() % pages]
                           [input.take<std::uint16_t>() % page_size] =
                static_cast<std::byte>(input.take<std::uint8_t>());
            continue;
        }
        xensnd_req request {};
        request.operation = input.take<std::uint8_t>() % 11;
        if (request.operation == XENSND_OP_OPEN) {
            // Mostly what can succeed.
            const auto shape = input.take<std::uint8_t>();
            request.op.open.pcm_rate = (shape & 1) != 0 ? 48'000 : input.take<std::uint32_t>();
            request.op.open.pcm_format =
                (shape & 2) != 0 ? XENSND_PCM_FORMAT_S16_LE : input.take<std::uint8_t>() % 26;
            request.op.open.pcm_channels = (shape & 4) != 0 ? 2 : input.take<std::uint8_t>();
            request.op.open.buffer_sz = (shape & 8) != 0 ? 16'384 : input.take<std::uint32_t>();
            request.op.open.period_sz = (shape & 16) != 0 ? 4096 : input.take<std::uint32_t>();
            request.op.open.gref_directory = (shape & 32) != 0 ? 1 : input.take<std::uint32_t>();
        } else if (request.operation == XENSND_OP_HW_PARAM_QUERY) {
            request.op.hw_param = input.take<xensnd_query_hw_param>();
        } else if (request.operation == XENSND_OP_TRIGGER) {
            request.op.trigger.type = input.take<std::uint8_t>() % 5;
        } else {
            request.op.rw.offset = input.take<std::uint16_t>();
            request.op.rw.length = input.take<std::uint16_t>();
        }
        const auto answer = session.handle(request, now, (step & 16) != 0);
        if (answer && answer->response.status > 0)
            __builtin_trap();
    }
    return 0;
}

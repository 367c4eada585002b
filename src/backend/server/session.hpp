// SPDX-License-Identifier: GPL-2.0-only
//
// What a stream's requests do, apart from how they arrive (sndif.h, "Requests").
#pragma once

#include <cstdint>
#include <memory>

#include "protocol/page_directory.hpp"
#include "server/config.hpp"
#include "server/device_rules.hpp"
#include "server/journal.hpp"
#include "server/processor_time.hpp"

namespace sndback {

// Pages of a guest, accessible as one range of memory as long as the object lives.
class GuestPages {
  public:
    virtual ~GuestPages() = default;
    [[nodiscard]] virtual std::span<std::byte> bytes() const = 0;
};

// The guest has as many pages mapped as it may.
class MappingRefused : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class GuestMemory {
  public:
    virtual ~GuestMemory() = default;
    // Maps pages of the guest in the given order. Thread-safe. Throws MappingRefused, or another
    // std::runtime_error if one of the grants is not valid.
    [[nodiscard]] virtual std::unique_ptr<GuestPages> map(std::span<const grant_ref_t> grants) = 0;
};

// An answered request.
struct Answer {
    xensnd_resp response;
    std::optional<std::uint64_t>
        offset; // READ and WRITE: octets since OPEN at which the data begins
};

// One stream of a connection, from the first request to the last. Volume and mute outlive CLOSE.
class Session {
  public:
    struct Settings {
        PositionPolicy positions;
        bool volume = true; // false: volume and mute are refused
        std::int32_t own_volume = 0; // until the guest sets one, in steps of 0.001 dB
        bool queries = true; // false: HW_PARAM_QUERY is refused
        Time (*processor_time)() = thread_processor_time; // tests have another clock
    };

    Session(const StreamConfig &config, GuestMemory &memory, DeviceFactory &devices,
            Journal &journal, const Settings &settings)
        : config_(config),
          memory_(memory),
          devices_(devices),
          journal_(journal),
          settings_(settings),
          gain_(settings.own_volume)
    {
    }

    // Carries out a request. Returns nothing if it has to wait for the device: try again after the
    // device has been serviced. With `may_wait` false such a READ or WRITE is answered -EAGAIN, and
    // CLOSE, and OPEN of a stream that is open, close at once.
    [[nodiscard]] std::optional<Answer> handle(const xensnd_req &request, Time now, bool may_wait);

    // The open device, nullptr while closed.
    [[nodiscard]] PcmDevice *device()
    {
        return stream_ ? stream_->device.get() : nullptr;
    }

    // Octets that requests have moved so far, and what else has taken as long as that.
    [[nodiscard]] std::uint64_t work() const
    {
        return work_;
    }

  private:
    enum class State {
        stopped,
        running,
        paused
    };

    // What exists between OPEN and CLOSE. The device goes before the pages.
    struct OpenStream {
        StreamFormat format;
        std::unique_ptr<DeviceFactory::Share> share;
        std::unique_ptr<GuestPages> buffer;
        std::uint32_t buffer_bytes;
        std::unique_ptr<PcmDevice> device;
        State state = State::stopped;
    };

    [[nodiscard]] std::optional<Answer> dispatch(const xensnd_req &request, Time now,
                                                 bool may_wait);
    [[nodiscard]] bool open(const xensnd_open_req &request, Time now, bool may_wait);
    [[nodiscard]] bool close(Time now, bool may_wait);
    [[nodiscard]] std::optional<std::uint64_t> transfer(const xensnd_req &request, Time now,
                                                        bool may_wait);
    void volume(const xensnd_req &request);
    void trigger(unsigned type, Time now);
    [[nodiscard]] Limits device_limits();
    [[nodiscard]] std::unique_ptr<GuestPages> map_buffer(const xensnd_open_req &request);
    [[nodiscard]] std::span<std::byte> buffer_range(const xensnd_rw_req &request);
    [[nodiscard]] OpenStream &opened();

    const StreamConfig &config_;
    GuestMemory &memory_;
    DeviceFactory &devices_;
    Journal &journal_;
    Settings settings_;
    Gain gain_;
    std::optional<OpenStream> stream_;
    std::uint64_t work_ = 0;
};

} // namespace sndback

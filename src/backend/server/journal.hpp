// SPDX-License-Identifier: GPL-2.0-only
//
// What the daemon tells about a stream: human log, machine-readable trace, statistics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "audio/pcm_device.hpp"
#include "protocol/event_page.hpp"
#include "server/statistics.hpp"
#include "server/trace_file.hpp"

namespace sndback {

// Everything one stream reports goes through here. Used by the stream's thread only.
class Journal final : public DeviceListener {
  public:
    Journal(TraceFile &trace, std::shared_ptr<StreamStatistics> statistics);

    void wakeup();
    void request(const xensnd_req &request);
    void response(const xensnd_resp &response, std::optional<std::uint64_t> offset, bool notified);
    void event(std::uint64_t position, std::uint16_t id, EventPage::Put result);
    void violation(std::string_view text);
    void refusal(const xensnd_req &request, std::string_view text);
    void real_time_exceeded();
    void transferred(std::uint64_t bytes)
    {
        statistics_->bytes += bytes;
    }
    void flush()
    {
        trace_.flush();
    }

    void on_underrun(std::uint64_t position) override;
    void on_overrun(std::uint64_t position, std::uint64_t lost) override;
    void on_card_stopped(std::uint64_t position) override;
    void on_note(std::string_view text) override;
    void on_device_error(std::string_view text) override;

    [[nodiscard]] const StreamName &name() const
    {
        return statistics_->name;
    }

  private:
    template <typename... Arguments>
    void trace(std::string_view type, fmt::format_string<Arguments...> format,
               Arguments &&...arguments);

    TraceFile &trace_;
    std::shared_ptr<StreamStatistics> statistics_;
    std::string label_;
    std::string json_;
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// What the daemon tells about a stream: human log, machine-readable trace, statistics.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include <fmt/core.h>

#include "audio/file.hpp"
#include "audio/pcm_device.hpp"
#include "protocol/event_page.hpp"

namespace sndback {

// Text as the inside of a JSON string.
[[nodiscard]] std::string json_escape(std::string_view text);

// A file of JSON lines. Thread-safe.
class TraceFile {
  public:
    // Appends to the file: several processes do, whole lines at a time. An empty path makes a trace
    // that takes nothing. Throws std::runtime_error if the file cannot be opened.
    explicit TraceFile(const std::string &path);
    ~TraceFile();
    TraceFile(const TraceFile &) = delete;
    TraceFile &operator=(const TraceFile &) = delete;

    [[nodiscard]] bool enabled() const
    {
        return file_.get() >= 0;
    }
    // Appends {"t":NOW,"type":TYPE,REST}; `rest` are further members, without braces.
    void write(std::string_view type, std::string_view rest);
    void flush();

  private:
    void write_out();

    std::mutex mutex_;
    File file_;
    std::string lines_; // not written yet
};

// Names a stream in log, trace and statistics.
struct StreamName {
    unsigned domain;
    unsigned card;
    unsigned device;
    unsigned index;
    bool playback;
    std::string unique_id;

    [[nodiscard]] std::string label() const; // for the log: dom1/0/0/0 (unique-id)
    [[nodiscard]] std::string json() const; // members without braces
};

// Counters of one stream during one connection; other threads may read them.
struct StreamStatistics {
    explicit StreamStatistics(StreamName stream) : name(std::move(stream))
    {
    }

    static constexpr std::size_t operations = XENSND_OP_HW_PARAM_QUERY + 1;

    const StreamName name;
    std::array<std::atomic<std::uint64_t>, operations> requests {};
    std::atomic<std::uint64_t> unknown_requests { 0 };
    std::atomic<std::uint64_t> refused { 0 }; // requests answered with an error
    std::atomic<std::uint64_t> wakeups { 0 }; // notifications received
    std::atomic<std::uint64_t> responses_notified { 0 }; // responses sent with a notification
    std::atomic<std::uint64_t> responses_held_off { 0 }; // and without
    std::atomic<std::uint64_t> events { 0 };
    std::atomic<std::uint64_t> events_dropped {
        0
    }; // the event page was full; a later event covered them
    std::atomic<std::uint64_t> underruns { 0 };
    std::atomic<std::uint64_t> overruns { 0 };
    std::atomic<std::uint64_t> violations { 0 };
    std::atomic<std::uint64_t> device_errors { 0 };
    std::atomic<std::uint64_t> bytes { 0 }; // written or read
    std::atomic<std::uint64_t> position { 0 }; // last one reported

    [[nodiscard]] std::string json() const;
};

// The statistics of all connections, the recent closed ones included. Thread-safe.
class StatisticsTable {
  public:
    std::shared_ptr<StreamStatistics> add(StreamName name);
    // The counters of each, as JSON.
    [[nodiscard]] std::vector<std::string> rows() const;

  private:
    static constexpr std::size_t kept = 256;
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<StreamStatistics>> streams_;
};

// Writes rows as a JSON array to a file, by way of a temporary one. Throws std::runtime_error.
void save_statistics(const std::string &path, const std::vector<std::string> &rows);

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

// The name of an operation as in sndif.h, without XENSND_OP_.
[[nodiscard]] std::string_view operation_name(unsigned operation);

} // namespace sndback

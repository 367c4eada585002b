// SPDX-License-Identifier: GPL-2.0-only
//
// What streams are called, and what is counted of them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/sndif.hpp"

namespace sndback {

// The name of an operation as in sndif.h, without XENSND_OP_.
[[nodiscard]] std::string_view operation_name(unsigned operation);

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
    std::atomic<std::uint64_t> real_time_exceeded { 0 }; // its thread has left real time
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

} // namespace sndback

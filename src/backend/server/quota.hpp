// SPDX-License-Identifier: GPL-2.0-only
//
// What one guest may use up of this domain.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sndback {

struct Quota {
    unsigned cards = 8;
    // Connected, on all cards. PulseAudio serves 64 clients, of which each may be one.
    unsigned streams = 16;
    unsigned pages = 8192; // mapped at a time
    unsigned buffer_kib = 8192; // of one stream
    unsigned rate = 384'000; // in Hz
    unsigned channels = 64;
    unsigned periods = 20'000; // a second, of all open streams
    unsigned bandwidth_mib = 32; // a second, of all open streams
    unsigned requests = 20'000; // a second, of all streams; notifications and pages moved count
    unsigned updates = 50; // changes of states in XenStore looked at, a second
    unsigned log_lines = 60; // a minute
    unsigned recording_files = 1000; // in a directory of recordings
    unsigned recording_mib = 4096; // in a directory of recordings
};

[[nodiscard]] constexpr std::uint32_t octets_a_second(const Quota &quota)
{
    return quota.bandwidth_mib << 20;
}

// One row for each, for the parser of the configuration file and for its documentation.
struct QuotaRow {
    std::string_view key;
    unsigned Quota::*value;
    unsigned most;
    std::string_view meaning;
};

inline constexpr std::array<QuotaRow, 13> quota_rows { {
    { "cards", &Quota::cards, 256, "virtual cards" },
    { "streams", &Quota::streams, 256, "connected streams, on all cards" },
    { "pages", &Quota::pages, 1U << 20, "pages of the guest mapped at a time" },
    { "buffer-kib", &Quota::buffer_kib, 1U << 20, "KiB of one stream's buffer" },
    { "rate", &Quota::rate, 1'000'000, "Hz" },
    { "channels", &Quota::channels, 255, "channels of one stream" },
    { "periods", &Quota::periods, 1'000'000, "periods a second of all open streams" },
    { "bandwidth-mib", &Quota::bandwidth_mib, 4095, "MiB a second of all open streams" },
    { "requests", &Quota::requests, 10'000'000,
      "requests, notifications and pages moved, a second; of streams connected, a 32nd of that" },
    { "updates", &Quota::updates, 1000, "changes in XenStore looked at, a second" },
    { "log-lines", &Quota::log_lines, 1'000'000, "lines in the log a minute" },
    { "recording-files", &Quota::recording_files, 1'000'000, "files in a directory of recordings" },
    { "recording-mib", &Quota::recording_mib, 1U << 30, "MiB in a directory of recordings" },
} };

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>

#include "server/quota.hpp"

namespace sndback {

// How much a guest may record. What counts is what lies in the directory, whichever guest, or run
// of this program, has put it there. Thread-safe.
class RecordingQuota {
  public:
    void set(const Quota &quota);

    // A file is about to be created. Throws std::runtime_error saying which limit it would exceed.
    void begin_file(const std::filesystem::path &directory);
    // Octets are about to be written there. Throws likewise.
    void add(const std::filesystem::path &directory, std::uint64_t octets);

    // There, when they were last counted.
    [[nodiscard]] std::uint64_t files(const std::filesystem::path &directory) const;

  private:
    struct Contents {
        std::uint64_t files = 0;
        std::uint64_t octets = 0;
        std::uint64_t own_octets = 0; // of them, since they were counted
    };
    [[nodiscard]] static Contents count(const std::filesystem::path &directory);

    mutable std::mutex mutex_;
    std::uint64_t most_files_ = 0;
    std::uint64_t most_octets_ = 0;
    std::map<std::filesystem::path, Contents> directories_;
};

} // namespace sndback

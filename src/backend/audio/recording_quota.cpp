// SPDX-License-Identifier: GPL-2.0-only
#include "audio/recording_quota.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

namespace sndback {

void RecordingQuota::set(const Quota &quota)
{
    const std::lock_guard lock(mutex_);
    most_files_ = quota.recording_files;
    most_octets_ = std::uint64_t { quota.recording_mib } << 20;
}

void RecordingQuota::begin_file(const std::filesystem::path &directory)
{
    std::uint64_t files = 0;
    std::uint64_t octets = 0;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory.empty() ? "." : directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        std::error_code gone;
        const auto size = entry->file_size(gone);
        ++files;
        octets += gone ? 0 : size;
    }
    const std::lock_guard lock(mutex_);
    if (files >= most_files_)
        throw std::runtime_error(
            fmt::format("{} has {} files, recording-files allows {}; move recordings away",
                        directory.string(), files, most_files_));
    octets_[directory] = octets;
}

void RecordingQuota::add(const std::filesystem::path &directory, std::uint64_t octets)
{
    const std::lock_guard lock(mutex_);
    std::uint64_t &present = octets_[directory];
    if (octets > most_octets_ - std::min(present, most_octets_))
        throw std::runtime_error(
            fmt::format("{} has {} octets, recording-mib allows {}; move recordings away",
                        directory.string(), present, most_octets_));
    present += octets;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "audio/recording_quota.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

namespace sndback {

namespace {

// Workers of other guests may write into the same directory: it is counted anew each time that this
// one has written so much.
constexpr std::uint64_t recount_octets = 4 << 20;

} // namespace

void RecordingQuota::set(const Quota &quota)
{
    const std::lock_guard lock(mutex_);
    most_files_ = quota.recording_files;
    most_octets_ = std::uint64_t { quota.recording_mib } << 20;
}

RecordingQuota::Contents RecordingQuota::count(const std::filesystem::path &directory)
{
    Contents found;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory.empty() ? "." : directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        std::error_code gone;
        const auto size = entry->file_size(gone);
        ++found.files;
        found.octets += gone ? 0 : size;
    }
    return found;
}

void RecordingQuota::begin_file(const std::filesystem::path &directory)
{
    const Contents found = count(directory);
    const std::lock_guard lock(mutex_);
    directories_[directory] = found;
    if (found.files >= most_files_)
        throw std::runtime_error(
            fmt::format("{} has {} files, recording-files allows {}; move recordings away",
                        directory.string(), found.files, most_files_));
}

void RecordingQuota::add(const std::filesystem::path &directory, std::uint64_t octets)
{
    std::unique_lock lock(mutex_);
    Contents &present = directories_[directory];
    if (present.own_octets >= recount_octets) {
        present.own_octets = 0;
        // Other streams do not wait for the disk.
        lock.unlock();
        const Contents found = count(directory);
        lock.lock();
        present = found;
    }
    if (octets > most_octets_ - std::min(present.octets, most_octets_))
        throw std::runtime_error(
            fmt::format("{} has {} octets, recording-mib allows {}; move recordings away",
                        directory.string(), present.octets, most_octets_));
    present.octets += octets;
    present.own_octets += octets;
}

std::uint64_t RecordingQuota::files(const std::filesystem::path &directory) const
{
    const std::lock_guard lock(mutex_);
    const auto found = directories_.find(directory);
    return found == directories_.end() ? 0 : found->second.files;
}

} // namespace sndback

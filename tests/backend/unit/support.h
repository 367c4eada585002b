// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "audio/endpoint.hpp"
#include "audio/pcm_device.hpp"
#include "audio/recording_quota.hpp"
#include "server/device_rules.hpp"

namespace sndback {

// Remembers what a device told.
class RecordingListener final : public DeviceListener {
  public:
    void on_underrun(std::uint64_t position) override
    {
        underruns.push_back(position);
    }
    void on_overrun(std::uint64_t, std::uint64_t bytes) override
    {
        lost += bytes;
    }
    void on_card_stopped(std::uint64_t position) override
    {
        stops.push_back(position);
    }
    void on_note(std::string_view text) override
    {
        notes.emplace_back(text);
    }
    void on_device_error(std::string_view text) override
    {
        errors.emplace_back(text);
    }

    std::vector<std::uint64_t> underruns;
    std::vector<std::uint64_t> stops; // of the card
    std::uint64_t lost = 0;
    std::vector<std::string> notes;
    std::vector<std::string> errors;
};

// Keeps what was played.
class MemorySink final : public Sink {
  public:
    explicit MemorySink(std::vector<std::byte> &played) : played_(played)
    {
    }
    [[nodiscard]] bool renders() const override
    {
        return true;
    }
    void render(std::span<const std::byte> frames) override
    {
        played_.insert(played_.end(), frames.begin(), frames.end());
    }

  private:
    std::vector<std::byte> &played_;
};

// Octets that tell where they belong.
inline std::vector<std::byte> numbered(std::size_t count, std::size_t first = 0)
{
    std::vector<std::byte> bytes(count);
    for (std::size_t index = 0; index < count; ++index)
        bytes[index] = static_cast<std::byte>((first + index) * 7 + (first + index) / 256);
    return bytes;
}

// A guest that gets that device for all its streams.
inline GuestRules all_on(const std::string &device)
{
    GuestRules rules;
    rules.playback = rules.capture = parse_device_spec(device);
    return rules;
}

// No test that is not about it reaches it.
class AmpleQuota : public RecordingQuota {
  public:
    AmpleQuota()
    {
        set({});
    }
};

// A directory that goes with the test.
class TemporaryDirectory {
  public:
    TemporaryDirectory()
    {
        std::string pattern = ::testing::TempDir() + "sndback-" + std::string(6, 'X');
        if (mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error("cannot create " + pattern);
        path_ = pattern;
    }
    ~TemporaryDirectory()
    {
        std::filesystem::remove_all(path_);
    }
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

    [[nodiscard]] const std::filesystem::path &path() const
    {
        return path_;
    }
    [[nodiscard]] std::filesystem::path operator/(const std::string &name) const
    {
        return path_ / name;
    }

  private:
    std::filesystem::path path_;
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// Recordings of playback streams and files as capture sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "audio/endpoint.hpp"
#include "audio/file.hpp"
#include "audio/pcm_device.hpp"
#include "audio/recording_quota.hpp"

namespace sndback {

// Records frames as they are. U8, S16_LE, S32_LE, FLOAT_LE, FLOAT64_LE, MU_LAW and A_LAW become
// RIFF/WAVE; the formats that WAVE cannot express are stored without a header, with the extension
// .raw in place of .wav. The file comes into being with the first frame, so that an OPEN without a
// WRITE leaves none. Nothing is ever overwritten: where NAME.wav exists, NAME-2.wav, NAME-3.wav and
// so on are taken. Only the user that records can read it. The header is right after every
// render(), whatever happens to the process.
class WavSink final : public Sink {
  public:
    WavSink(std::filesystem::path path, StreamFormat format, RecordingQuota &quota,
            DeviceListener &listener);
    [[nodiscard]] bool renders() const override
    {
        return true;
    }
    void render(std::span<const std::byte> frames) override;

  private:
    void create();

    std::filesystem::path path_;
    StreamFormat format_;
    RecordingQuota &quota_;
    DeviceListener &listener_;
    std::optional<File> file_;
    bool failed_ = false;
    std::uint64_t header_bytes_ = 0;
    std::uint64_t data_bytes_ = 0;
};

// What a WAVE file contains.
struct WavInfo {
    StreamFormat format;
    std::uint64_t data_offset;
    std::uint64_t data_bytes;
    bool is_unfinished = false; // the header does not say how much there is: all until the end
};

// Reads the header of a RIFF, RF64 or BW64 file. Throws std::runtime_error naming file and reason,
// also for what sndif cannot express.
[[nodiscard]] WavInfo read_wav_info(const std::filesystem::path &path);

// Plays a file once, then silence. The stream must have been opened with the file's format.
class WavSource final : public Source {
  public:
    WavSource(const std::filesystem::path &path, DeviceListener &listener);
    void fill(std::uint64_t position, std::span<std::byte> target) override;
    [[nodiscard]] const WavInfo &info() const
    {
        return info_;
    }

  private:
    WavInfo info_;
    File file_;
    DeviceListener &listener_;
    bool failed_ = false;
};

} // namespace sndback

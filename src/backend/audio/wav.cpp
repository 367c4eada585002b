// SPDX-License-Identifier: GPL-2.0-only
#include "audio/wav.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

namespace sndback {

namespace {

enum WaveTag : std::uint16_t {
    wave_pcm = 1,
    wave_float = 3,
    wave_a_law = 6,
    wave_mu_law = 7,
    wave_extensible = 0xfffe
};

struct WaveFormat {
    std::uint8_t wire;
    std::uint16_t tag;
};

// The formats whose samples WAVE stores exactly as sndif does. S24 is not among them: WAVE wants
// its value in the upper bits of the container.
constexpr std::array<WaveFormat, 7> wave_formats { {
    { XENSND_PCM_FORMAT_U8, wave_pcm },
    { XENSND_PCM_FORMAT_S16_LE, wave_pcm },
    { XENSND_PCM_FORMAT_S32_LE, wave_pcm },
    { XENSND_PCM_FORMAT_F32_LE, wave_float },
    { XENSND_PCM_FORMAT_F64_LE, wave_float },
    { XENSND_PCM_FORMAT_MU_LAW, wave_mu_law },
    { XENSND_PCM_FORMAT_A_LAW, wave_a_law },
} };

const WaveFormat *find_wave_format(const Format &format)
{
    const auto row =
        std::find_if(wave_formats.begin(), wave_formats.end(),
                     [&](const WaveFormat &candidate) { return candidate.wire == format.wire; });
    return row == wave_formats.end() ? nullptr : &*row;
}

const Format *find_format_of_wave(std::uint16_t tag, unsigned bits)
{
    for (const WaveFormat &row : wave_formats)
        if (row.tag == tag && formats[row.wire].storage_bits == bits)
            return &formats[row.wire];
    return nullptr;
}

template <typename Word> void append(std::string &target, Word value)
{
    for (std::size_t index = 0; index < sizeof(value); ++index)
        target.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * index)));
}

std::string wave_header(const StreamFormat &format, std::uint16_t tag, std::uint64_t data_bytes)
{
    const auto frame_bytes = static_cast<std::uint16_t>(format.frame_bits() / 8);
    std::string chunks;
    chunks += "WAVEfmt ";
    append(chunks, std::uint32_t { tag == wave_pcm ? 16U : 18U });
    append(chunks, tag);
    append(chunks, static_cast<std::uint16_t>(format.channels));
    append(chunks, static_cast<std::uint32_t>(format.rate));
    append(chunks, static_cast<std::uint32_t>(format.rate * frame_bytes));
    append(chunks, frame_bytes);
    append(chunks, std::uint16_t { format.format->storage_bits });
    if (tag != wave_pcm) {
        append(chunks, std::uint16_t { 0 });
        chunks += "fact";
        append(chunks, std::uint32_t { 4 });
        append(chunks, saturate(format.frames(data_bytes)));
    }
    chunks += "data";
    append(chunks, saturate(data_bytes));

    std::string header = "RIFF";
    append(header, saturate(chunks.size() + data_bytes));
    return header + chunks;
}

// Writes everything or throws std::system_error.
void write_at(int descriptor, const void *data, std::size_t size, std::uint64_t offset)
{
    const auto *bytes = static_cast<const std::byte *>(data);
    while (size != 0) {
        const ssize_t written = pwrite(descriptor, bytes, size, static_cast<off_t>(offset));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            throw std::system_error(written < 0 ? errno : ENOSPC, std::generic_category());
        bytes += written;
        size -= static_cast<std::size_t>(written);
        offset += static_cast<std::uint64_t>(written);
    }
}

// Reads up to `size` octets, fewer at the end of the file. Throws std::system_error.
std::size_t read_at(int descriptor, void *data, std::size_t size, std::uint64_t offset)
{
    auto *bytes = static_cast<std::byte *>(data);
    std::size_t done = 0;
    while (done < size) {
        const ssize_t count =
            pread(descriptor, bytes + done, size - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            throw std::system_error(errno, std::generic_category());
        if (count == 0)
            break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

File open_for_reading(const std::filesystem::path &path)
{
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        throw std::runtime_error(fmt::format("cannot open the WAV file {}: {}", path.string(),
                                             std::generic_category().message(errno)));
    return File(descriptor);
}

std::uint64_t little_endian(const std::byte *bytes, std::size_t count)
{
    std::uint64_t value = 0;
    for (std::size_t index = 0; index < count; ++index)
        value |= std::to_integer<std::uint64_t>(bytes[index]) << (8 * index);
    return value;
}

// The fmt chunk as far as it matters here.
StreamFormat parse_fmt_chunk(const std::filesystem::path &path, std::span<const std::byte> chunk)
{
    if (chunk.size() < 16)
        throw std::runtime_error(
            fmt::format("{}: the fmt chunk has {} octets, at least 16 are needed", path.string(),
                        chunk.size()));
    auto tag = static_cast<std::uint16_t>(little_endian(&chunk[0], 2));
    const auto channels = static_cast<unsigned>(little_endian(&chunk[2], 2));
    const auto rate = static_cast<unsigned>(little_endian(&chunk[4], 4));
    const auto bits = static_cast<unsigned>(little_endian(&chunk[14], 2));
    if (tag == wave_extensible && chunk.size() >= 26)
        tag = static_cast<std::uint16_t>(little_endian(&chunk[24], 2));

    const Format *format = find_format_of_wave(tag, bits);
    if (format == nullptr)
        throw std::runtime_error(
            fmt::format("{}: sndif has no format for WAVE tag {} with {} bits; convert the file to "
                        "16 or 32 bit PCM",
                        path.string(), tag, bits));
    if (rate == 0 || channels == 0 || channels > 255)
        throw std::runtime_error(
            fmt::format("{}: {} channels at {} Hz, need 1 to 255 channels and a rate",
                        path.string(), channels, rate));
    return { format, rate, channels };
}

} // namespace

WavSink::WavSink(std::filesystem::path path, StreamFormat format, RecordingQuota &quota,
                 DeviceListener &listener)
    : path_(std::move(path)), format_(format), quota_(quota), listener_(listener)
{
    if (find_wave_format(*format.format) == nullptr)
        path_.replace_extension(".raw");
}

void WavSink::create()
{
    quota_.begin_file(path_.parent_path());
    const std::string stem = path_.stem().string();
    for (unsigned number = 2;; ++number) {
        const int descriptor = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor >= 0) {
            file_.emplace(descriptor);
            break;
        }
        if (errno != EEXIST)
            throw std::system_error(errno, std::generic_category());
        path_.replace_filename(fmt::format("{}-{}{}", stem, number, path_.extension().string()));
    }
    if (const WaveFormat *wave = find_wave_format(*format_.format))
        header_bytes_ = wave_header(format_, wave->tag, 0).size();
    listener_.on_note(fmt::format("recording to {} as {}, {} Hz, {} channels", path_.string(),
                                  format_.format->name, format_.rate, format_.channels));
}

void WavSink::render(std::span<const std::byte> frames)
{
    if (failed_)
        return;
    try {
        if (!file_)
            create();
        quota_.add(path_.parent_path(), frames.size());
        write_at(file_->get(), frames.data(), frames.size(), header_bytes_ + data_bytes_);
        data_bytes_ += frames.size();
        if (const WaveFormat *wave = find_wave_format(*format_.format)) {
            const std::string header = wave_header(format_, wave->tag, data_bytes_);
            write_at(file_->get(), header.data(), header.size(), 0);
        }
    } catch (const std::runtime_error &error) {
        failed_ = true;
        listener_.on_device_error(
            fmt::format("recording to {} ends after {} octets: {}; the stream goes on unrecorded",
                        path_.string(), data_bytes_, error.what()));
    }
}

WavInfo read_wav_info(const std::filesystem::path &path)
{
    const File file = open_for_reading(path);
    std::array<std::byte, 12> riff;
    const auto is = [](const std::byte *tag, const char *name) {
        return std::memcmp(tag, name, 4) == 0;
    };
    if (read_at(file.get(), riff.data(), riff.size(), 0) != riff.size() ||
        !(is(&riff[0], "RIFF") || is(&riff[0], "RF64") || is(&riff[0], "BW64")) ||
        !is(&riff[8], "WAVE"))
        throw std::runtime_error(
            fmt::format("{}: neither a RIFF/WAVE nor an RF64 file; convert it, as by sox or ffmpeg",
                        path.string()));
    // Where a 32-bit size does not do, the ds64 chunk has those of the file and of the data.
    constexpr std::uint64_t in_ds64 = 0xffffffff;

    std::optional<StreamFormat> format;
    std::optional<std::uint64_t> long_size;
    for (std::uint64_t offset = riff.size();;) {
        std::array<std::byte, 8> chunk;
        if (read_at(file.get(), chunk.data(), chunk.size(), offset) != chunk.size())
            throw std::runtime_error(
                fmt::format("{}: no data chunk, or one before the fmt chunk", path.string()));
        std::uint64_t size = little_endian(&chunk[4], 4);
        offset += chunk.size();
        std::array<std::byte, 40> body {};
        if (is(&chunk[0], "fmt ")) {
            const std::size_t count =
                read_at(file.get(), body.data(), std::min<std::size_t>(size, body.size()), offset);
            format = parse_fmt_chunk(path, std::span(body).first(count));
        } else if (is(&chunk[0], "ds64") && size >= 16) {
            if (read_at(file.get(), body.data(), 16, offset) == 16)
                long_size = little_endian(&body[8], 8);
        } else if (is(&chunk[0], "data") && format) {
            if (size == in_ds64 && long_size)
                size = *long_size;
            // A file still being written may promise more than there is; one whose recorder was
            // killed, nothing.
            const std::uint64_t end = std::filesystem::file_size(path);
            const std::uint64_t rest = end - std::min(end, offset);
            const bool is_unfinished = (size == 0 || size == in_ds64) && rest != 0;
            return { *format, offset, is_unfinished ? rest : std::min(size, rest), is_unfinished };
        }
        offset += size + size % 2;
    }
}

WavSource::WavSource(const std::filesystem::path &path, DeviceListener &listener)
    : info_(read_wav_info(path)), file_(open_for_reading(path)), listener_(listener)
{
    if (info_.is_unfinished)
        listener_.on_note(fmt::format("{}: its header does not say how much data there is; all {} "
                                      "octets behind the header are captured",
                                      path.string(), info_.data_bytes));
}

void WavSource::fill(std::uint64_t position, std::span<std::byte> target)
{
    std::size_t done = 0;
    if (position < info_.data_bytes && !failed_) {
        const std::size_t wanted =
            std::min<std::uint64_t>(target.size(), info_.data_bytes - position);
        try {
            done = read_at(file_.get(), target.data(), wanted, info_.data_offset + position);
        } catch (const std::system_error &error) {
            failed_ = true;
            listener_.on_device_error(
                fmt::format("reading the WAV source at octet {}: {}; silence follows", position,
                            error.code().message()));
        }
    }
    fill_silence(*info_.format.format, position + done, target.subspan(done));
}

} // namespace sndback

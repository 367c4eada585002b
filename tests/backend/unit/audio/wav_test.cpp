// SPDX-License-Identifier: GPL-2.0-only
#include "audio/wav.hpp"

#include <fstream>
#include <iterator>

#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {
namespace {

std::vector<std::byte> contents(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string text { std::istreambuf_iterator<char>(file), {} };
    const auto bytes = std::as_bytes(std::span(text));
    return { bytes.begin(), bytes.end() };
}

TEST(Wav, RoundTripsTheFormatsThatWaveHas)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    AmpleQuota quota;
    for (const char *name :
         { "u8", "s16_le", "s32_le", "float_le", "float64_le", "mu_law", "a_law" }) {
        const StreamFormat format { find_format(name), 44100, 3 };
        const auto path = directory / (std::string(name) + ".wav");
        const auto data = numbered(format.bytes(1000));
        {
            WavSink sink(path, format, quota, listener);
            sink.render(std::span(data).first(format.bytes(10)));
            sink.render(std::span(data).subspan(format.bytes(10)));
        }
        WavSource source(path, listener);
        EXPECT_EQ(source.info().format.format, format.format) << name;
        EXPECT_EQ(source.info().format.rate, 44100U);
        EXPECT_EQ(source.info().format.channels, 3U);
        EXPECT_EQ(source.info().data_bytes, data.size());
        std::vector<std::byte> copy(data.size() + 12);
        source.fill(0, copy);
        EXPECT_TRUE(std::equal(data.begin(), data.end(), copy.begin())) << name;
        std::vector<std::byte> silence(12);
        fill_silence(*format.format, 0, silence);
        EXPECT_TRUE(std::equal(silence.begin(), silence.end(), copy.end() - 12)) << name;
    }
    EXPECT_TRUE(listener.errors.empty());
}

TEST(Wav, StoresOtherFormatsBare)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    AmpleQuota quota;
    const auto data = numbered(240);
    WavSink sink(directory / "a.wav", { find_format("s24_be"), 48000, 2 }, quota, listener);
    sink.render(data);
    EXPECT_EQ(contents(directory / "a.raw"), data);
}

TEST(Wav, NeverOverwrites)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    AmpleQuota quota;
    for (int round = 0; round < 3; ++round) {
        WavSink sink(directory / "a.wav", stereo, quota, listener);
        sink.render(numbered(400));
    }
    {
        const WavSink unused(directory / "b.wav", stereo, quota, listener);
    }
    for (const char *name : { "a.wav", "a-2.wav", "a-3.wav" })
        EXPECT_EQ(read_wav_info(directory / name).data_bytes, 400U) << name;
    EXPECT_FALSE(std::filesystem::exists(directory / "b.wav"));
}

TEST(Wav, ReportsWhatItCannotDo)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    AmpleQuota quota;
    WavSink sink(directory / "missing/a.wav", stereo, quota, listener);
    sink.render(numbered(400));
    sink.render(numbered(400));
    EXPECT_EQ(listener.errors.size(), 1U);

    EXPECT_THROW((void)read_wav_info(directory / "none.wav"), std::runtime_error);
    for (const std::string text :
         { "", "RIFF....WAVE", "RIFF....WAVEfmt \4\0\0\0abcd", "not a wave file at all" }) {
        std::ofstream(directory / "bad.wav", std::ios::binary) << text;
        EXPECT_THROW((void)read_wav_info(directory / "bad.wav"), std::runtime_error) << text;
    }
}

// Chunks, and what a size of 32 bits does not hold.
std::string chunk(const std::string &name, std::uint32_t size, const std::string &body)
{
    return name + std::string(reinterpret_cast<const char *>(&size), sizeof(size)) + body;
}

std::string pcm_format()
{
    return chunk("fmt ", 16, std::string("\1\0\2\0\x80\xbb\0\0\0\xee\2\0\4\0\x10\0", 16));
}

TEST(Wav, ReadsRf64)
{
    const TemporaryDirectory directory;
    const std::string data(4000, 'x');
    const std::uint64_t size = 1600;
    std::string ds64(28, '\0');
    std::memcpy(&ds64[8], &size, sizeof(size));
    for (const std::string name : { "RF64", "BW64" }) {
        std::ofstream(directory / "long.wav", std::ios::binary)
            << chunk(name, 0xffffffff, "WAVE") << chunk("ds64", 28, ds64) << pcm_format()
            << chunk("data", 0xffffffff, data);
        const WavInfo info = read_wav_info(directory / "long.wav");
        EXPECT_EQ(info.data_bytes, size);
        EXPECT_EQ(info.format.rate, 48000U);
        EXPECT_FALSE(info.is_unfinished);
    }
}

// The fmt chunk of a file, its fields one after the other.
std::string format_chunk(std::uint16_t tag, std::uint16_t channels, std::uint32_t rate,
                         std::uint32_t octets = 16)
{
    std::string body(octets + octets % 2, '\0');
    const std::uint16_t bits = 16;
    std::memcpy(&body[0], &tag, sizeof(tag));
    std::memcpy(&body[2], &channels, sizeof(channels));
    std::memcpy(&body[4], &rate, sizeof(rate));
    std::memcpy(&body[14], &bits, sizeof(bits));
    return chunk("fmt ", octets, body);
}

TEST(Wav, ReadsNoFormatThatNoStreamCanHave)
{
    const TemporaryDirectory directory;
    const auto is_read = [&](const std::string &format) {
        std::ofstream(directory / "odd.wav", std::ios::binary)
            << chunk("RIFF", 0, "WAVE") << format << chunk("data", 400, std::string(400, 'x'));
        try {
            return read_wav_info(directory / "odd.wav").data_bytes == 400;
        } catch (const std::runtime_error &) {
            return false;
        }
    };
    EXPECT_TRUE(is_read(format_chunk(1, 2, 48000)));
    EXPECT_TRUE(is_read(format_chunk(1, 255, 1)));
    EXPECT_FALSE(is_read(format_chunk(1, 256, 48000)));
    EXPECT_FALSE(is_read(format_chunk(1, 0, 48000)));
    EXPECT_FALSE(is_read(format_chunk(1, 2, 0)));
    EXPECT_FALSE(is_read(format_chunk(1, 2, 48000, 15)));
    EXPECT_FALSE(is_read(format_chunk(0xfffe, 2, 48000, 24)));
}

TEST(Wav, ReadsTheDataOfTheFileAndNothingElse)
{
    const TemporaryDirectory directory;
    const auto write = [&](std::uint32_t size, const std::string &behind) {
        std::ofstream(directory / "a.wav", std::ios::binary)
            << chunk("RIFF", 0, "WAVE") << chunk("LIST", 3, std::string("abc", 4)) << pcm_format()
            << chunk("data", size, std::string(400, 'x')) << behind;
        return read_wav_info(directory / "a.wav");
    };
    EXPECT_EQ(write(1000, "").data_bytes, 400U);
    EXPECT_FALSE(write(1000, "").is_unfinished);
    EXPECT_TRUE(write(0xffffffff, "").is_unfinished);
    EXPECT_EQ(write(0xffffffff, "").data_bytes, 400U);
    EXPECT_EQ(write(400, chunk("LIST", 400, std::string(400, 'y'))).data_bytes, 400U);
    RecordingListener listener;
    WavSource source(directory / "a.wav", listener);
    std::vector<std::byte> read(8);
    source.fill(396, read);
    const std::byte x { 'x' };
    EXPECT_EQ(read,
              (std::vector { x, x, x, x, std::byte {}, std::byte {}, std::byte {}, std::byte {} }));
    source.fill(404, read);
    EXPECT_EQ(read, std::vector<std::byte>(8));
}

TEST(Wav, TakesAllThatAKilledRecorderLeft)
{
    const TemporaryDirectory directory;
    std::ofstream(directory / "cut.wav", std::ios::binary)
        << chunk("RIFF", 0, "WAVE") << pcm_format() << chunk("data", 0, std::string(400, 'x'));
    EXPECT_EQ(read_wav_info(directory / "cut.wav").data_bytes, 400U);
    RecordingListener listener;
    const WavSource source(directory / "cut.wav", listener);
    ASSERT_EQ(listener.notes.size(), 1U);
    EXPECT_NE(listener.notes[0].find("does not say how much"), std::string::npos);
}

TEST(Wav, IsPrivate)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    AmpleQuota quota;
    WavSink sink(directory / "a.wav", stereo, quota, listener);
    sink.render(numbered(400));
    EXPECT_EQ(std::filesystem::status(directory / "a.wav").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(Wav, KeepsToTheQuota)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    RecordingQuota quota;
    quota.set({ .recording_files = 2, .recording_mib = 1 });
    const std::vector<std::byte> chunk(400'000);
    WavSink first(directory / "a.wav", stereo, quota, listener);
    first.render(chunk);
    first.render(chunk);
    EXPECT_TRUE(listener.errors.empty());
    first.render(chunk);
    ASSERT_EQ(listener.errors.size(), 1U);
    EXPECT_NE(listener.errors[0].find("recording-mib"), std::string::npos);
    EXPECT_LT(std::filesystem::file_size(directory / "a.wav"), 1U << 20);
    WavSink second(directory / "b.wav", stereo, quota, listener);
    second.render(numbered(400));
    WavSink third(directory / "c.wav", stereo, quota, listener);
    third.render(numbered(400));
    ASSERT_EQ(listener.errors.size(), 2U);
    EXPECT_NE(listener.errors[1].find("recording-files"), std::string::npos);
}

// Several guests may have one directory; each process counts for itself.
TEST(Wav, KeepsToTheQuotaTogetherWithOthers)
{
    const TemporaryDirectory directory;
    RecordingListener listener;
    std::array<RecordingQuota, 2> quotas;
    for (RecordingQuota &quota : quotas)
        quota.set({ .recording_files = 2, .recording_mib = 12 });
    WavSink first(directory / "a.wav", stereo, quotas[0], listener);
    WavSink second(directory / "b.wav", stereo, quotas[1], listener);
    first.render(numbered(400));
    second.render(numbered(400));
    const std::vector<std::byte> chunk(1 << 20);
    for (unsigned count = 0; count < 10; ++count)
        first.render(chunk);
    EXPECT_TRUE(listener.errors.empty());
    for (unsigned count = 0; count < 10; ++count)
        second.render(chunk);
    ASSERT_EQ(listener.errors.size(), 1U);
    EXPECT_NE(listener.errors[0].find("recording-mib"), std::string::npos);
    EXPECT_LE(std::filesystem::file_size(directory / "a.wav") +
                  std::filesystem::file_size(directory / "b.wav"),
              (12U + 4U) << 20);
}

// A guest may have a directory for each of its streams.
TEST(Wav, KeepsToTheQuotaInEachDirectory)
{
    const TemporaryDirectory full;
    const TemporaryDirectory empty;
    RecordingListener listener;
    RecordingQuota quota;
    quota.set({ .recording_files = 2, .recording_mib = 1 });
    const std::vector<std::byte> chunk(600'000);
    WavSink first(full / "a.wav", stereo, quota, listener);
    first.render(chunk);
    WavSink second(empty / "b.wav", stereo, quota, listener);
    second.render(numbered(400));
    EXPECT_TRUE(listener.errors.empty());
    first.render(chunk);
    ASSERT_EQ(listener.errors.size(), 1U);
    EXPECT_NE(listener.errors[0].find("recording-mib"), std::string::npos);
}

} // namespace
} // namespace sndback

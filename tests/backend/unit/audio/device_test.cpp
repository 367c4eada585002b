// SPDX-License-Identifier: GPL-2.0-only
#include "audio/clocked_device.hpp"

#include <fstream>
#include <iterator>

#include "audio/wav.hpp"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

const StreamFormat stereo { find_format("s16_le"), 48000, 2 };
constexpr std::uint32_t period = 480 * 4; // 10 ms
constexpr std::uint32_t buffer = 4 * period;

class PlaybackTest : public ::testing::Test {
  protected:
    explicit PlaybackTest(PositionPolicy policy = {}, std::uint32_t period_bytes = period)
    {
        device_.emplace(OpenParameters { stereo, buffer, period_bytes, policy }, gain_,
                        std::make_unique<MemorySink>(played_), listener_);
    }

    bool write(std::size_t bytes, Time now)
    {
        auto data = numbered(bytes, written_);
        const auto offset = device_->transfer(data, now);
        if (offset)
            written_ += bytes;
        return offset.has_value();
    }
    std::optional<std::uint64_t> service(Time now)
    {
        return device_->service(now, {});
    }

    RecordingListener listener_;
    Gain gain_;
    std::vector<std::byte> played_;
    std::optional<ClockedPlayback> device_;
    std::size_t written_ = 0;
};

TEST_F(PlaybackTest, ReportsExactBoundaries)
{
    ASSERT_TRUE(write(buffer, 0s));
    EXPECT_FALSE(write(4, 0s));
    EXPECT_FALSE(device_->deadline());
    device_->start(1s);
    for (unsigned index = 1; index <= 100; ++index) {
        const Time due = 1s + index * 10ms;
        EXPECT_EQ(device_->deadline(), due);
        EXPECT_FALSE(service(due - 1ns));
        EXPECT_EQ(service(due + 1us), std::uint64_t { index } * period);
        ASSERT_TRUE(write(period, due + 2us));
    }
    EXPECT_TRUE(listener_.underruns.empty());
    EXPECT_EQ(played_, numbered(100 * period));
}

TEST_F(PlaybackTest, ReportsWhereItRunsDryAndCountsOnlyLateWrites)
{
    ASSERT_TRUE(write(period + 400, 0s));
    device_->start(0s);
    EXPECT_EQ(service(10ms), period);
    const Time dry = *device_->deadline();
    EXPECT_LT(dry, 20ms);
    EXPECT_EQ(service(dry), period + 400U);
    EXPECT_FALSE(service(20ms));
    EXPECT_TRUE(listener_.underruns.empty()) << "the guest may just be done";
    ASSERT_TRUE(write(400, 30ms));
    EXPECT_EQ(listener_.underruns, std::vector<std::uint64_t> { period + 400 });
    // The clock has gone on, so these are over at its next tick.
    EXPECT_EQ(service(30ms), period + 800U);
}

TEST_F(PlaybackTest, StopKeepsThePositionAndRecordsEverything)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_EQ(service(10ms), period);
    device_->stop(15ms);
    EXPECT_EQ(played_, numbered(buffer));
    ASSERT_TRUE(write(buffer, 1s));
    device_->start(1s);
    // 15 ms had been played; the next boundary is a period after that.
    EXPECT_EQ(service(1s + 10ms), period + period / 2 + period);
}

TEST_F(PlaybackTest, PauseHoldsTheClock)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    device_->pause(4ms);
    EXPECT_FALSE(device_->deadline());
    EXPECT_FALSE(service(1s));
    device_->resume(1s);
    EXPECT_EQ(device_->deadline(), 1s + 6ms);
    EXPECT_EQ(service(1s + 6ms), period);
}

TEST_F(PlaybackTest, GainTakesEffectAtAPeriodBoundary)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_TRUE(service(10ms));
    gain_.set_muted(0, true);
    gain_.set_muted(1, true);
    EXPECT_TRUE(service(20ms));
    auto expected = numbered(period);
    expected.resize(2 * period);
    EXPECT_EQ(played_, expected);
}

TEST_F(PlaybackTest, LateServiceMergesTicks)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_EQ(service(35ms), 3U * period);
    EXPECT_FALSE(service(35ms));
}

class WholePeriodsTest : public PlaybackTest {
  protected:
    WholePeriodsTest() : PlaybackTest({ PositionPolicy::Kind::period, {} })
    {
    }
};

TEST_F(WholePeriodsTest, NeverReportsAPart)
{
    ASSERT_TRUE(write(period + 400, 0s));
    device_->start(0s);
    EXPECT_EQ(service(10ms), period);
    EXPECT_EQ(device_->deadline(), 20ms);
    EXPECT_FALSE(service(20ms));
    ASSERT_TRUE(write(period - 400, 25ms));
    EXPECT_EQ(service(30ms), 2U * period);
}

class TimerTest : public PlaybackTest {
  protected:
    TimerTest() : PlaybackTest({ PositionPolicy::Kind::timer, 7ms })
    {
    }
};

TEST_F(TimerTest, ReportsWhateverTheClockSays)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_EQ(service(7ms), 336U * 4);
    EXPECT_EQ(service(14ms), 672U * 4);
}

class NoPeriodTest : public PlaybackTest {
  protected:
    NoPeriodTest() : PlaybackTest({}, 0)
    {
    }
};

TEST_F(NoPeriodTest, PlaysWithoutReporting)
{
    ASSERT_TRUE(write(buffer, 0s));
    device_->start(0s);
    EXPECT_FALSE(service(*device_->deadline()));
    EXPECT_TRUE(write(buffer / 4, 11ms));
}

class CaptureTest : public ::testing::Test {
  protected:
    CaptureTest()
        : device_({ stereo, buffer, period, {} }, gain_, std::make_unique<PatternSource>(),
                  listener_)
    {
    }

    // What the pattern has there.
    static std::vector<std::byte> pattern(std::uint64_t position, std::size_t bytes)
    {
        std::vector<std::byte> data(bytes);
        PatternSource().fill(position, data);
        return data;
    }

    RecordingListener listener_;
    Gain gain_;
    ClockedCapture device_;
};

TEST_F(CaptureTest, DeliversFramesInOrder)
{
    device_.start(0s);
    std::vector<std::byte> data(period);
    for (unsigned index = 1; index <= 50; ++index) {
        const Time now = index * 10ms;
        EXPECT_EQ(device_.service(now, {}), std::uint64_t { index } * period);
        EXPECT_EQ(device_.transfer(data, now), std::uint64_t { index - 1 } * period);
        EXPECT_EQ(data, pattern((index - 1) * period, period));
    }
    EXPECT_EQ(listener_.lost, 0U);
}

TEST_F(CaptureTest, EarlyReadWaitsForItsFrames)
{
    device_.start(0s);
    std::vector<std::byte> data(400);
    EXPECT_FALSE(device_.transfer(data, 1us));
    const Time due = *device_.deadline();
    EXPECT_LT(due, 10ms);
    EXPECT_FALSE(device_.transfer(data, due - 1ns));
    EXPECT_TRUE(device_.transfer(data, due));
}

TEST_F(CaptureTest, LosesTheOldestWhenNobodyReads)
{
    device_.start(0s);
    EXPECT_EQ(device_.service(60ms, {}), 6U * period);
    EXPECT_EQ(listener_.lost, 2U * period);
    std::vector<std::byte> data(buffer);
    EXPECT_EQ(device_.transfer(data, 60ms), 2U * period);
    EXPECT_EQ(data, pattern(2 * period, buffer));
}

TEST_F(CaptureTest, UnreadFramesDoNotSurviveAStart)
{
    device_.start(0s);
    device_.stop(10ms);
    device_.start(1s);
    std::vector<std::byte> data(400);
    EXPECT_FALSE(device_.transfer(data, 1s));
    EXPECT_EQ(device_.transfer(data, 1s + 10ms), std::uint64_t { period });
}

TEST(Pattern, DoesNotDependOnHowItIsRead)
{
    std::vector<std::byte> whole(1000), part(37);
    PatternSource source;
    source.fill(123, whole);
    source.fill(123 + 500, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 500));
}

TEST(Silence, IsTheMiddleOfEachFormat)
{
    const auto silence = [](const char *name, std::uint64_t position) {
        std::vector<std::byte> data(8);
        fill_silence(*find_format(name), position, data);
        return data;
    };
    const auto bytes = [](std::initializer_list<int> values) {
        std::vector<std::byte> result;
        for (const int value : values)
            result.push_back(static_cast<std::byte>(value));
        return result;
    };
    EXPECT_EQ(silence("s16_le", 0), bytes({ 0, 0, 0, 0, 0, 0, 0, 0 }));
    EXPECT_EQ(silence("u16_le", 0), bytes({ 0, 128, 0, 128, 0, 128, 0, 128 }));
    EXPECT_EQ(silence("u16_le", 1), bytes({ 128, 0, 128, 0, 128, 0, 128, 0 }));
    EXPECT_EQ(silence("u24_le", 0), bytes({ 0, 0, 128, 0, 0, 0, 128, 0 }));
    EXPECT_EQ(silence("u24_be", 0), bytes({ 0, 128, 0, 0, 0, 128, 0, 0 }));
    EXPECT_EQ(silence("u32_be", 0), bytes({ 128, 0, 0, 0, 128, 0, 0, 0 }));
    EXPECT_EQ(silence("u8", 3), std::vector<std::byte>(8, std::byte { 128 }));
    EXPECT_EQ(silence("a_law", 0), std::vector<std::byte>(8, std::byte { 0xd5 }));
}

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

} // namespace
} // namespace sndback

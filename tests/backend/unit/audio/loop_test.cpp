// SPDX-License-Identifier: GPL-2.0-only
#include "audio/loop.hpp"

#include "audio/clocked_device.hpp"
#include "server/device_rules.hpp"
#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

// One playback and one capture stream on a loop, each driven like a session would.
class LoopPair {
  public:
    explicit LoopPair(const StreamFormat &format, std::uint32_t period_bytes = period,
                      std::uint32_t buffer_bytes = buffer)
        : parameters_ { format, buffer_bytes, period_bytes, {} },
          playback_(parameters_, playback_gain,
                    std::make_unique<LoopSink>(loop, parameters_, playback_gain), listener),
          capture_(parameters_, capture_gain_, std::make_unique<LoopSource>(loop, parameters_),
                   listener)
    {
    }

    PcmDevice &playback()
    {
        return playback_;
    }
    PcmDevice &capture()
    {
        return capture_;
    }
    void write(std::vector<std::byte> data, Time now)
    {
        ASSERT_TRUE(playback_.transfer(data, now)) << "no room at " << now.count();
    }
    void read(std::size_t bytes, Time now)
    {
        std::vector<std::byte> data(bytes);
        ASSERT_TRUE(capture_.transfer(data, now)) << "no data at " << now.count();
        captured.insert(captured.end(), data.begin(), data.end());
    }
    void service(Time now)
    {
        (void)playback_.service(now, {});
        (void)capture_.service(now, {});
    }

    Gain playback_gain;
    RecordingListener listener;
    std::shared_ptr<Loop> loop = std::make_shared<Loop>();
    std::vector<std::byte> captured;

  private:
    Gain capture_gain_;
    OpenParameters parameters_;
    ClockedPlayback playback_;
    ClockedCapture capture_;
};

std::vector<std::byte> silence(const StreamFormat &format, std::size_t bytes)
{
    std::vector<std::byte> data(bytes);
    fill_silence(*format.format, 0, data);
    return data;
}

std::vector<std::byte> operator+(std::vector<std::byte> left, const std::vector<std::byte> &right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

// Periods of 10 ms; playback starts 3 ms after capture, and is written just in time.
void expect_round_trip(const StreamFormat &format)
{
    SCOPED_TRACE(testing::Message()
                 << format.format->name << " " << format.channels << " x " << format.rate);
    const std::size_t octets = format.bytes(format.rate / 200 * 2);
    LoopPair pair(format, octets, 4 * octets);
    std::vector<std::byte> played = numbered(10 * octets, 1);
    played[0] = std::byte { 0x5a };
    const auto part = [&](unsigned index) {
        return std::vector(played.begin() + index * static_cast<std::ptrdiff_t>(octets),
                           played.begin() + (index + 1) * static_cast<std::ptrdiff_t>(octets));
    };
    const Time start = 5s;
    const Time later = start + 3ms;
    // A little late, since a period of 44100 Hz is not exactly 10 ms long here.
    const auto at = [](Time from, unsigned index) {
        return from + index * 10ms + 50us;
    };
    pair.capture().start(start);
    pair.write(part(0) + part(1), start);
    pair.playback().start(later);
    for (unsigned index = 1; index <= 16; ++index) {
        pair.service(at(start, index));
        pair.read(octets, at(start, index));
        pair.service(at(later, index));
        if (index + 1 < 10)
            pair.write(part(index + 1), at(later, index));
    }
    const auto first = std::find(pair.captured.begin(), pair.captured.end(), played[0]);
    const auto lead = static_cast<std::size_t>(first - pair.captured.begin());
    const auto frames = static_cast<double>(format.frames(lead));
    EXPECT_NEAR(frames, format.rate * 0.003, 2.0);
    EXPECT_EQ(lead % format.unit(), 0U);
    EXPECT_EQ(pair.captured, silence(format, lead) + played + silence(format, 6 * octets - lead));
    EXPECT_TRUE(pair.listener.underruns.empty());
    EXPECT_EQ(pair.listener.lost, 0U);
}

TEST(Loop, CarriesEveryFormatBitForBit)
{
    for (const Format &format : formats)
        for (const unsigned channels : { 1U, 2U, 3U, 6U, 8U })
            for (const unsigned rate : { 8000U, 44100U, 48000U, 88200U, 192000U })
                expect_round_trip({ &format, rate, channels });
}

TEST(Loop, WhatIsWrittenLateIsOver)
{
    LoopPair pair(stereo);
    pair.capture().start(1s);
    pair.write(numbered(period, 1), 1s);
    pair.playback().start(1s);
    pair.service(1s + 15ms);
    pair.read(period * 3 / 2, 1s + 15ms);
    // Its first half was due before it came.
    pair.write(numbered(period, 1 + period), 1s + 15ms);
    EXPECT_EQ(pair.listener.underruns.size(), 1U);
    pair.read(period * 3 / 2, 1s + 30ms);
    EXPECT_EQ(pair.captured, numbered(period, 1) + silence(stereo, period / 2) +
                                 numbered(period / 2, 1 + period * 3 / 2) +
                                 silence(stereo, period));
}

TEST(Loop, CapturesLateWithoutLoss)
{
    LoopPair pair(stereo);
    pair.write(numbered(buffer, 1), 1s);
    pair.playback().start(1s);
    pair.capture().start(1s);
    pair.service(1s + 40ms);
    pair.read(buffer, 1s + 40ms);
    EXPECT_EQ(pair.captured, numbered(buffer, 1));
}

TEST(Loop, StopTakesBackWhatIsUnplayed)
{
    LoopPair pair(stereo);
    pair.capture().start(1s);
    pair.write(numbered(buffer, 1), 1s);
    pair.playback().start(1s);
    pair.playback().stop(1s + 15ms);
    pair.service(1s + 20ms);
    pair.read(2 * period, 1s + 20ms);
    pair.write(numbered(period, 5), 1s + 20ms);
    pair.playback().start(1s + 20ms);
    pair.read(period, 1s + 30ms);
    EXPECT_EQ(pair.captured,
              numbered(period * 3 / 2, 1) + silence(stereo, period / 2) + numbered(period, 5));
}

TEST(Loop, PauseOfPlaybackIsSilence)
{
    LoopPair pair(stereo);
    pair.capture().start(1s);
    pair.write(numbered(2 * period, 1), 1s);
    pair.playback().start(1s);
    pair.playback().pause(1s + 15ms);
    pair.playback().resume(1s + 20ms);
    pair.write(numbered(period, 1 + 2 * period), 1s + 20ms);
    pair.service(1s + 40ms);
    pair.read(4 * period, 1s + 40ms);
    EXPECT_EQ(pair.captured, numbered(period * 3 / 2, 1) + silence(stereo, period / 2) +
                                 numbered(period * 3 / 2, 1 + period * 3 / 2) +
                                 silence(stereo, period / 2));
}

TEST(Loop, PauseOfCaptureMissesWhatIsPlayedThen)
{
    LoopPair pair(stereo);
    pair.capture().start(1s);
    pair.write(numbered(buffer, 1), 1s);
    pair.playback().start(1s);
    pair.capture().pause(1s + 15ms);
    pair.capture().resume(1s + 25ms);
    // One READ for frames from before and after the pause.
    pair.read(3 * period, 1s + 40ms);
    EXPECT_EQ(pair.captured,
              numbered(period * 3 / 2, 1) + numbered(period * 3 / 2, 1 + period * 5 / 2));
}

// A capture stream looks at the clock at any time: what has been written must be in its place from
// the start on, so nothing may be copied first, however much it is.
TEST(Loop, StartHandsOverWithoutCopying)
{
    class OrderSink final : public Sink {
      public:
        explicit OrderSink(std::string &calls) : calls_(calls)
        {
        }
        [[nodiscard]] bool renders() const override
        {
            return false;
        }
        void start(Time, std::uint64_t) override
        {
            calls_ += "start ";
        }
        void commit(std::span<const std::byte>) override
        {
            calls_ += "commit ";
        }
        void withdraw(std::uint64_t) override
        {
            calls_ += "withdraw ";
        }

      private:
        std::string &calls_;
    };
    std::string calls;
    Gain gain;
    RecordingListener listener;
    ClockedPlayback playback({ stereo, buffer, period, {} }, gain,
                             std::make_unique<OrderSink>(calls), listener);
    std::vector<std::byte> data = numbered(period);
    ASSERT_TRUE(playback.transfer(data, 1s));
    playback.start(1s);
    playback.pause(1s + 5ms);
    playback.resume(1s + 6ms);
    EXPECT_EQ(calls, "commit start withdraw commit start ");
}

TEST(Loop, StartsAnew)
{
    LoopPair pair(stereo);
    pair.capture().start(1s);
    pair.write(numbered(period, 1), 1s);
    pair.playback().stop(1s);
    pair.write(numbered(period, 5), 1s);
    pair.playback().start(1s);
    pair.playback().pause(1s + 5ms);
    pair.write(numbered(period, 5 + period), 1s + 5ms);
    pair.playback().start(1s + 10ms);
    pair.read(3 * period, 1s + 30ms);
    EXPECT_EQ(pair.captured,
              numbered(period / 2, 5) + silence(stereo, period / 2) + numbered(2 * period, 5));
}

TEST(Loop, AppliesTheVolumeOfPlayback)
{
    LoopPair pair(stereo);
    pair.playback_gain.set_muted(0, true);
    pair.playback_gain.set_muted(1, true);
    pair.capture().start(1s);
    pair.write(numbered(period, 1), 1s);
    pair.playback().start(1s);
    pair.read(period, 1s + 10ms);
    EXPECT_EQ(pair.captured, silence(stereo, period));
}

TEST(Loop, HasOneFormatAndOnePlayer)
{
    const auto loop = std::make_shared<Loop>();
    const OpenParameters parameters { stereo, buffer, period, {} };
    OpenParameters mono = parameters;
    mono.format.channels = 1;
    Gain gain;
    const auto status = [](auto open) {
        try {
            open();
        } catch (const Refusal &refusal) {
            return refusal.status();
        }
        return 0;
    };
    {
        const LoopSource first(loop, parameters), second(loop, parameters);
        const LoopSink sink(loop, parameters, gain);
        EXPECT_EQ(status([&] { LoopSink(loop, parameters, gain); }), -XEN_EBUSY);
        EXPECT_EQ(status([&] { LoopSource(loop, mono); }), -XEN_EINVAL);
    }
    EXPECT_EQ(status([&] { LoopSink(loop, mono, gain); }), 0);
}

TEST(Loop, ForgetsWhatNoReadCanAskFor)
{
    Loop loop;
    const OpenParameters parameters { stereo, buffer, period, {} };
    loop.connect(parameters, true);
    for (std::uint64_t place = 0; place < 100 * period; place += period)
        loop.put(place, numbered(period));
    std::vector<std::byte> data(4, std::byte { 0xaa });
    loop.get(100 * period - 2 * buffer, data);
    EXPECT_EQ(data, numbered(4));
    loop.get(50 * period, data = std::vector<std::byte>(4, std::byte { 0xaa }));
    EXPECT_EQ(data, std::vector<std::byte>(4, std::byte { 0xaa }));
    loop.disconnect(parameters, true);
}

// A guest that starts and stops without end makes a new piece each time.
TEST(Loop, KeepsFewPiecesOfAPlayerThatStartsWithoutEnd)
{
    Loop loop;
    const OpenParameters parameters { stereo, buffer, period, {} };
    loop.connect(parameters, true);
    std::size_t most = 0;
    for (std::uint64_t place = 0; place < 2 * std::uint64_t { buffer }; place += 8) {
        loop.put(place, numbered(4));
        most = std::max(most, loop.pieces());
    }
    EXPECT_LE(most, 257U);
    std::vector<std::byte> data(4);
    loop.get(2 * std::uint64_t { buffer } - 8, data);
    EXPECT_EQ(data, numbered(4));
    loop.disconnect(parameters, true);
}

// A player that pauses and goes on without end writes nothing, but what waits is played anew.
TEST(Loop, TakesNoMoreMemoryForAPlayerThatPausesWithoutEnd)
{
    const auto loop = std::make_shared<Loop>();
    const OpenParameters parameters { stereo, buffer, period, {} };
    const Gain gain;
    LoopSink sink(loop, parameters, gain);
    const auto audio = numbered(buffer);
    Time now = 1s;
    for (unsigned round = 0; round < 1000; ++round) {
        sink.commit(audio);
        sink.start(now, 0);
        sink.withdraw(audio.size() / 2);
        now += 1ms;
        ASSERT_LE(loop->octets(), 2 * 2 * std::uint64_t { buffer }) << "round " << round;
    }
}

// Nor for one that is closed without STOP, as long as a capture stream is connected.
TEST(Loop, TakesNoMoreMemoryForPlayersThatCloseWithoutEnd)
{
    const auto loop = std::make_shared<Loop>();
    const OpenParameters parameters { stereo, buffer, period, {} };
    const LoopSource source(loop, parameters);
    const Gain gain;
    const auto audio = numbered(buffer);
    for (unsigned round = 0; round < 100; ++round) {
        LoopSink sink(loop, parameters, gain);
        sink.start(1s, 0);
        sink.commit(audio);
        ASSERT_LE(loop->octets(), 2 * 2 * 2 * std::uint64_t { buffer }) << "round " << round;
    }
}

TEST(Loop, KeepsWhatIsStillToBeReadWhenALargeRecorderLeaves)
{
    Loop loop;
    const OpenParameters small { stereo, buffer, period, {} };
    const OpenParameters large { stereo, 64 * buffer, period, {} };
    loop.connect(small, true);
    loop.connect(small, false);
    loop.connect(large, false);
    constexpr std::uint64_t end = 64 * std::uint64_t { buffer };
    for (std::uint64_t place = 0; place < end; place += period)
        loop.put(place, numbered(period));
    loop.disconnect(large, false);
    loop.put(end, numbered(period));
    std::vector<std::byte> data(4);
    loop.get(end - buffer, data);
    EXPECT_EQ(data, numbered(4));
    loop.disconnect(small, false);
    loop.disconnect(small, true);
}

// And one that pauses without end, and reads nothing, a new run.
TEST(Loop, KeepsFewRunsOfARecorderThatPausesWithoutEnd)
{
    const auto loop = std::make_shared<Loop>();
    const OpenParameters parameters { stereo, buffer, period, {} };
    const LoopConnection playback(loop, parameters, true);
    LoopSource source(loop, parameters);
    loop->put(loop->place(1s, 0), numbered(4));
    for (std::uint64_t run = 0; run < 2000; ++run)
        source.start(1s, 4 * run);
    std::vector<std::byte> data(4);
    source.fill(std::uint64_t { 4 * 1000 }, data);
    EXPECT_EQ(data, std::vector<std::byte>(4)) << "it was kept";
    source.fill(std::uint64_t { 4 * 1900 }, data);
    EXPECT_EQ(data, numbered(4));
}

// A guest that writes frame by frame takes no more memory, and no more time of who reads.
TEST(Loop, KeepsSingleFramesTogether)
{
    Loop loop;
    const OpenParameters parameters { stereo, buffer, period, {} };
    loop.connect(parameters, true);
    const std::vector<std::byte> frames = numbered(400'000);
    std::size_t most = 0;
    for (std::uint64_t place = 0; place < frames.size(); place += 4) {
        loop.put(place, std::span(frames).subspan(place, 4));
        most = std::max(most, loop.pieces());
    }
    EXPECT_LE(most, 12U);
    std::vector<std::byte> data(buffer);
    loop.get(frames.size() - buffer, data);
    EXPECT_TRUE(std::equal(data.begin(), data.end(), frames.end() - buffer));
    loop.disconnect(parameters, true);
}

TEST(Loops, AreNamedByRules)
{
    DeviceFactory devices(all_on("loop:%d-%u"));
    const StreamName output { 3, 0, 0, 0, true, "a/b" };
    EXPECT_EQ(devices.describe(output), "loop:3-a_b");
    const OpenParameters parameters { stereo, buffer, period, {} };
    Gain gain;
    RecordingListener listener;
    const auto player = devices.open(output, parameters, gain, listener);
    EXPECT_THROW((void)devices.open(output, parameters, gain, listener), Refusal);
    EXPECT_THROW((void)parse_device_spec("loop:"), std::invalid_argument);
    EXPECT_THROW((void)parse_device_spec("loop:%x"), std::invalid_argument);
}

TEST(Loops, LiveAsLongAsTheyAreUsed)
{
    Loops loops;
    const auto first = loops.find("a");
    EXPECT_EQ(loops.find("a"), first);
    EXPECT_NE(loops.find("b"), first);
}

} // namespace
} // namespace sndback

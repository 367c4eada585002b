// SPDX-License-Identifier: GPL-2.0-only
//
// A PCM that converts the rate passes on whole periods only. This one plays into a file, at once.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <fstream>

#include "audio/alsa_device.hpp"
#include "unit/audio/alsa_failures.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t frame_bytes = 2 * sizeof(std::int16_t);
constexpr std::uint32_t frames_of_period = 941; // as of dmix with 1024 frames at 48 kHz

OpenParameters with_buffer(std::uint32_t period, std::uint32_t buffer)
{
    return { { find_format("s16_le"), 44100, 2 },
             static_cast<std::uint32_t>(buffer * frame_bytes),
             static_cast<std::uint32_t>(period * frame_bytes),
             {} };
}

class AlsaRate : public ::testing::Test {
  protected:
    AlsaRate()
    {
        std::ofstream(directory_ / "alsa.conf")
            << "</usr/share/alsa/alsa.conf>\n"
            << "pcm.converting { type rate converter linear slave { rate 48000 format S16_LE pcm {"
            << " type file format raw file \"" << played_.string() << "\" slave.pcm null } } }\n";
        setenv("ALSA_CONFIG_PATH", (directory_ / "alsa.conf").c_str(), 1);
    }
    ~AlsaRate() override
    {
        unsetenv("ALSA_CONFIG_PATH");
        least_period = 0;
    }
    void open(const OpenParameters &parameters)
    {
        device_.emplace("converting", parameters, gain_, listener_);
    }
    [[nodiscard]] std::optional<std::uint64_t> write(std::size_t frames, Time now)
    {
        std::vector<std::int16_t> samples(frames * 2, 1000);
        return device_->transfer(std::as_writable_bytes(std::span(samples)), now);
    }
    // Looks at the device whenever it wants that, until it has reported `frames`; false if it gives
    // up before.
    [[nodiscard]] bool plays(std::uint64_t frames)
    {
        for (unsigned round = 0; round < 20; ++round) {
            const std::optional<Time> deadline = device_->deadline();
            if (!deadline)
                return false;
            now_ = std::max(now_, *deadline);
            const std::optional<std::uint64_t> position = device_->service(now_, {});
            EXPECT_LE(position.value_or(0), frames * frame_bytes);
            if (position == frames * frame_bytes)
                return true;
        }
        return false;
    }
    // Frames of the guest that have come out, at its own rate.
    std::uint64_t heard()
    {
        device_.reset();
        std::ifstream file(played_, std::ios::binary);
        std::array<std::int16_t, 2> frame {};
        std::uint64_t count = 0;
        while (file.read(reinterpret_cast<char *>(frame.data()), sizeof(frame)))
            count += frame[0] != 0 ? 1 : 0;
        return count * 44100 / 48000;
    }

    const TemporaryDirectory directory_;
    const std::filesystem::path played_ = directory_ / "played";
    RecordingListener listener_;
    const Gain gain_;
    std::optional<AlsaPlayback> device_;
    Time now_ {};
};

// The converter works to the frame at both ends.
constexpr std::uint64_t rounding = 2;

TEST_F(AlsaRate, AnySoundIsPlayedToItsEnd)
{
    // Shorter than a period, and a little longer.
    for (const std::uint64_t frames : { 900, 1000 }) {
        open(with_buffer(frames_of_period, 4 * frames_of_period));
        ASSERT_TRUE(write(frames, now_));
        device_->start(now_);
        EXPECT_TRUE(plays(frames));
        EXPECT_TRUE(listener_.underruns.empty());
        EXPECT_NEAR(heard(), frames, rounding);
    }
}

// Nor is it held back until a long period of the guest's is over.
TEST_F(AlsaRate, ASoundShorterThanAPeriodIsPlayedSoon)
{
    most_buffer = 4 * frames_of_period;
    open(with_buffer(10 * frames_of_period, 40 * frames_of_period));
    most_buffer = 0;
    ASSERT_TRUE(write(900, now_));
    device_->start(now_);
    EXPECT_LT(device_->deadline(), 22ms);
    EXPECT_TRUE(plays(900));
    EXPECT_NEAR(heard(), 900, rounding);
}

TEST_F(AlsaRate, AGuestThatIsFillingItsBufferIsWaitedFor)
{
    open(with_buffer(frames_of_period, 4 * frames_of_period));
    ASSERT_TRUE(write(900, now_));
    device_->start(now_);
    ASSERT_TRUE(write(900, now_ += 10ms));
    (void)device_->service(now_, {});
    ASSERT_TRUE(write(82, now_ += 10ms));
    EXPECT_TRUE(plays(1882));
    device_->stop(now_);
    EXPECT_NEAR(heard(), 1882, rounding);
    EXPECT_EQ(std::filesystem::file_size(played_), 2 * 1024 * frame_bytes) << "silence between";
}

TEST_F(AlsaRate, NothingIsLostOfAGuestThatIsLate)
{
    open(with_buffer(frames_of_period, 4 * frames_of_period));
    ASSERT_TRUE(write(1000, now_));
    device_->start(now_);
    ASSERT_TRUE(plays(1000));
    ASSERT_TRUE(write(1000, now_ += 1ms));
    EXPECT_EQ(listener_.underruns.size(), 1U);
    EXPECT_TRUE(plays(2000));
    EXPECT_NEAR(heard(), 2000, 2 * rounding);
}

// What the card is told to have played then was in whole periods.
TEST_F(AlsaRate, NothingIsLostWhenTheCardRunsDryBeforeTheSilence)
{
    open(with_buffer(frames_of_period, 4 * frames_of_period));
    ASSERT_TRUE(write(1000, now_));
    device_->start(now_);
    failing_place = avail;
    failure = -EPIPE;
    EXPECT_EQ(device_->service(now_ += 21ms, {}), 941 * frame_bytes);
    EXPECT_TRUE(plays(1000));
    EXPECT_NEAR(heard(), 1000, 2 * rounding);
}

TEST_F(AlsaRate, ABufferThatCanOnlyStutterIsRefused)
{
    least_period = frames_of_period;
    for (const auto &[period, buffer] : { std::pair { 256, 512 }, { 256, 1024 }, { 882, 1764 } })
        try {
            open(with_buffer(period, buffer));
            ADD_FAILURE() << "periods of " << period << ", buffer of " << buffer;
        } catch (const Refusal &refusal) {
            const std::string text = refusal.what();
            EXPECT_NE(text.find("periods of 941 "), std::string::npos) << text;
            EXPECT_NE(text.find(fmt::format("has {};", buffer)), std::string::npos) << text;
            EXPECT_EQ(refusal.status(), -XEN_EINVAL);
        }
    open(with_buffer(441, 1764));
    open(with_buffer(256, 2048));
    EXPECT_THROW(AlsaCapture("converting", with_buffer(256, 1024), gain_, listener_), Refusal);
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// Each kind of device applies the gain, and nothing else.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "audio/alsa_device.hpp"
#include "server/device_rules.hpp"
#include "unit/support.h"

namespace sndback {
namespace {

constexpr std::size_t frames = 1024;
constexpr std::size_t wav_header_bytes = 44;
const StreamName stream { 3, 0, 0, 0, true, "speaker" };

// Even values up to 14000 on both channels: what -6.02 dB leaves of them is exactly half.
std::vector<std::int16_t> even_samples()
{
    std::vector<std::int16_t> samples(2 * frames);
    for (std::size_t at = 0; at < samples.size(); ++at)
        samples[at] = static_cast<std::int16_t>(static_cast<int>(at * 3607 % 14001) * 2 - 14000);
    return samples;
}

std::vector<std::int16_t> samples_in(const std::string &path, std::size_t header_bytes)
{
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes { std::istreambuf_iterator<char>(file), {} };
    EXPECT_GE(bytes.size(), header_bytes);
    bytes.erase(bytes.begin(),
                bytes.begin() + static_cast<std::ptrdiff_t>(std::min(header_bytes, bytes.size())));
    std::vector<std::int16_t> samples(bytes.size() / sizeof(std::int16_t));
    std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(std::int16_t));
    return samples;
}

// Plays the samples with the left channel at -6.02 dB and then, as often again, muted.
void play(const std::function<std::unique_ptr<PcmDevice>(const OpenParameters &, const Gain &,
                                                         DeviceListener &)> &open)
{
    RecordingListener listener;
    Gain gain;
    constexpr auto bytes = static_cast<std::uint32_t>(frames * 4);
    const auto pcm =
        open({ { find_format("s16_le"), 48000, 2 }, bytes, bytes / 4, {} }, gain, listener);
    std::vector<std::int16_t> samples = even_samples();
    const auto data = std::as_writable_bytes(std::span(samples));

    gain.set_volume(0, -6020);
    EXPECT_EQ(pcm->transfer(data, Time(0)), 0u);
    pcm->start(Time(0));
    const Time played = std::chrono::milliseconds(22);
    (void)pcm->service(played, {});
    gain.set_muted(0, true);
    EXPECT_EQ(pcm->transfer(data, played), bytes);
    (void)pcm->service(2 * played, {});
    EXPECT_TRUE(listener.errors.empty());
}

void play_by_rule(const std::string &device)
{
    DeviceFactory factory(all_on(device));
    play([&](const OpenParameters &parameters, const Gain &gain, DeviceListener &listener) {
        return factory.open(stream, parameters, gain, listener);
    });
}

void expect_gain(const std::vector<std::int16_t> &recorded)
{
    const std::vector<std::int16_t> samples = even_samples();
    ASSERT_EQ(recorded.size(), 2 * samples.size());
    for (std::size_t at = 0; at < recorded.size(); ++at) {
        const std::int16_t written = samples[at % samples.size()];
        const int expected = at % 2 == 1 ? written : at < samples.size() ? written / 2 : 0;
        ASSERT_EQ(recorded[at], expected) << "sample " << at;
    }
}

TEST(GainOfDevice, Wav)
{
    const TemporaryDirectory directory;
    const std::string path = directory / "played.wav";
    play_by_rule("wav:" + path);
    expect_gain(samples_in(path, wav_header_bytes));
}

// alsa-lib's file plugin, which takes everything at once.
TEST(GainOfDevice, Alsa)
{
    const TemporaryDirectory directory;
    const std::string path = directory / "played.raw";
    play([&](const OpenParameters &parameters, const Gain &gain, DeviceListener &listener) {
        return std::make_unique<AlsaPlayback>("file:'" + path + "',raw", parameters, gain,
                                              listener);
    });
    expect_gain(samples_in(path, 0));
}

TEST(GainOfDevice, Null)
{
    play_by_rule("null");
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// Any period and any buffer: what ALSA accepts plays and records without an xrun, bit for bit.
#include "duplex.h"
#include "tests.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace selftest {

namespace {

constexpr uint32_t seed = 3;
constexpr unsigned int random_setups = 60;

// The limits of the card, and of what the driver offers.
constexpr snd_pcm_uframes_t period_frames_min = 32;
constexpr size_t buffer_bytes_max = 8388608;

// What issue 3 asks of latency: periods of 2/3 ms, four of them.
constexpr unsigned int periods_per_second_max = 1500;
constexpr unsigned int buffers_per_second_max = periods_per_second_max / 4;

constexpr Setup kinds[] = {
    { .rate = 48000, .channels = 2, .format = SND_PCM_FORMAT_S16_LE },
    { .rate = 44100, .channels = 1, .format = SND_PCM_FORMAT_U8 },
    { .rate = 88200, .channels = 6, .format = SND_PCM_FORMAT_S24_LE },
    { .rate = 192000, .channels = 8, .format = SND_PCM_FORMAT_S32_LE },
};

size_t frame_bytes(const Setup &setup)
{
    return static_cast<size_t>(snd_pcm_format_physical_width(setup.format)) / 8 * setup.channels;
}

std::string describe(const Setup &setup)
{
    return std::to_string(setup.period) + "/" + std::to_string(setup.buffer) + " frames of " +
           std::to_string(frame_bytes(setup)) + " bytes, " + std::to_string(setup.rate) + " Hz";
}

// A number from @min to @max, each order of magnitude as likely as another.
snd_pcm_uframes_t pick(std::mt19937 &random, snd_pcm_uframes_t min, snd_pcm_uframes_t max)
{
    std::uniform_real_distribution<double> exponent(std::log(static_cast<double>(min)),
                                                    std::log(static_cast<double>(max) + 1));
    const auto picked = static_cast<snd_pcm_uframes_t>(std::exp(exponent(random)));
    return std::clamp(picked, min, max);
}

Setup pick_setup(std::mt19937 &random)
{
    Setup setup = kinds[random() % std::size(kinds)];
    // A second and a half at most, for the time that the test takes.
    const snd_pcm_uframes_t longest =
        std::min<snd_pcm_uframes_t>(buffer_bytes_max / frame_bytes(setup), setup.rate * 3 / 2);
    const snd_pcm_uframes_t shortest_period =
        std::max<snd_pcm_uframes_t>(period_frames_min, setup.rate / periods_per_second_max);
    setup.buffer = pick(random, setup.rate / buffers_per_second_max, longest);
    setup.period = pick(random, shortest_period, setup.buffer / 2);
    return setup;
}

// More than a buffer, a few periods and a part of one; at least 30 ms.
size_t frames_for(const Setup &setup)
{
    return std::max<size_t>(setup.buffer + 3 * setup.period + setup.period / 3, setup.rate / 33);
}

void play_all(const std::vector<Setup> &setups)
{
    size_t failed = 0;
    for (const Setup &setup : setups) {
        try {
            play_and_record(loop_output_pcm, setup, loop_input_pcm, setup, frames_for(setup));
        } catch (const Failure &failure) {
            failed++;
            diagnose(describe(setup) + ": " + failure.what);
        }
    }
    diagnose(std::to_string(setups.size() - failed) + " of " + std::to_string(setups.size()) +
             " pairs of period and buffer");
    expect(failed == 0, std::to_string(failed) + " pairs failed");
}

void extremes()
{
    Setup large = kinds[3];
    large.buffer = buffer_bytes_max / frame_bytes(large);
    Setup large_uneven = large;
    large.period = large.buffer / 2;
    large_uneven.period = 4099;
    play_all({
        { .period = 32, .buffer = 1024 }, // one page
        { .period = 512, .buffer = 1024 }, // one page, two periods
        { .period = 511, .buffer = 1023 }, // a little less, with a frame more than two periods
        { .period = 32, .buffer = 131 },
        { .period = 100, .buffer = 257 },
        { .period = 32, .buffer = 48001 },
        large,
        large_uneven,
    });
}

void any_pair()
{
    std::mt19937 random(seed);
    std::vector<Setup> setups(random_setups);
    std::generate(setups.begin(), setups.end(), [&] { return pick_setup(random); });
    play_all(setups);
}

} // namespace

std::vector<Test> sweep_tests()
{
    return {
        { "sweep: the smallest and the largest periods and buffers", extremes },
        { "sweep: " + std::to_string(random_setups) + " random periods and buffers", any_pair },
    };
}

} // namespace selftest

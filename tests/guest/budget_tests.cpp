// SPDX-License-Identifier: GPL-2.0-only
// What a period costs the guest: interrupts, and wake-ups of the application. Each direction alone,
// by an application that runs in real time, as those with such small buffers do.
#include "counters.h"
#include "pcm.h"
#include "real_time.h"
#include "tests.h"

namespace selftest {

namespace {

// Issues 2 and 3: what a period may cost, all told.
struct Budget {
    double interrupts_per_period_max;
    double switches_per_period_max;
};

constexpr Budget playback_budget = { 1.05, 1.1 };
// One interrupt says that frames exist, one that they are in the buffer.
constexpr Budget capture_budget = { 2.1, 1.1 };

void expect_within(const Budget &budget, const Counters &used, const Setup &setup, size_t periods)
{
    const double interrupts = static_cast<double>(used.interrupts) / static_cast<double>(periods);
    const double switches =
        static_cast<double>(used.voluntary_switches) / static_cast<double>(periods);
    diagnose(std::to_string(periods) + " periods of " + std::to_string(setup.period) + "/" +
             std::to_string(setup.buffer) + ": " + std::to_string(interrupts) + " interrupts and " +
             std::to_string(switches) + " voluntary switches per period");
    expect_in_time(interrupts <= budget.interrupts_per_period_max,
                   std::to_string(used.interrupts) + " interrupts are too many");
    expect_in_time(interrupts >= 0.9, std::to_string(used.interrupts) +
                                          " interrupts are too few: what paced the stream?");
    expect_in_time(switches <= budget.switches_per_period_max,
                   std::to_string(used.voluntary_switches) + " context switches are too many");
}

// From open to close.
void playback(snd_pcm_uframes_t period, snd_pcm_uframes_t buffer, unsigned int seconds)
{
    const Setup setup = { .period = period, .buffer = buffer };
    const size_t periods = size_t { setup.rate } * seconds / period;
    const std::vector<uint8_t> samples =
        random_bytes(periods * period * setup.channels * sizeof(int16_t), 1);

    const RealTime precedence;
    const Counters before = read_counters();
    unsigned int underruns = 0;
    {
        Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
        underruns = pcm.write(samples);
        pcm.drain();
    }
    const Counters used = read_counters() - before;
    expect_in_time(underruns == 0, std::to_string(underruns) + " underruns");
    expect_within(playback_budget, used, setup, periods);
}

// From open to close.
void capture(snd_pcm_uframes_t period, snd_pcm_uframes_t buffer, unsigned int seconds)
{
    const Setup setup = { .period = period, .buffer = buffer };
    const size_t periods = size_t { setup.rate } * seconds / period;
    std::vector<uint8_t> samples;
    samples.reserve(periods * period * setup.channels * sizeof(int16_t));

    const RealTime precedence;
    const Counters before = read_counters();
    {
        Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, setup);
        pcm.read(samples, periods * period);
    }
    expect_within(capture_budget, read_counters() - before, setup, periods);
}

Test budget_test(const char *direction, void (*run)(snd_pcm_uframes_t, snd_pcm_uframes_t, unsigned),
                 snd_pcm_uframes_t period, snd_pcm_uframes_t buffer, unsigned int seconds)
{
    return { std::string("budget: ") + direction + ", " + std::to_string(period) + "/" +
                 std::to_string(buffer) + " frames",
             [=] {
                 run(period, buffer, seconds);
             } };
}

} // namespace

std::vector<Test> budget_tests()
{
    return {
        budget_test("playback", playback, 480, 1920, 4),
        budget_test("playback", playback, 128, 512, 3),
        budget_test("playback", playback, 64, 256, 1),
        budget_test("playback", playback, 32, 128, 1),
        budget_test("capture", capture, 480, 1920, 4),
        budget_test("capture", capture, 128, 512, 3),
    };
}

} // namespace selftest

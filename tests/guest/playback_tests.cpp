// SPDX-License-Identifier: GPL-2.0-only
// Playback: every frame arrives, and streams stop, pause and drain as ALSA wants it.
#include "pcm.h"
#include "tests.h"

#include <poll.h>

namespace selftest {

namespace {

std::vector<uint8_t> noise(const Setup &setup, size_t frames, uint32_t seed)
{
    const auto bits = static_cast<size_t>(snd_pcm_format_physical_width(setup.format));
    return random_bytes(frames * setup.channels * bits / 8, seed);
}

// Plays @frames frames into the recorded PCM, for the host to compare.
unsigned int play(const Setup &setup, size_t frames, uint32_t seed)
{
    const std::vector<uint8_t> samples = noise(setup, frames, seed);
    Pcm pcm(exact_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    const unsigned int underruns = pcm.write(samples);
    pcm.drain();
    save_played(samples);
    return underruns;
}

void exact(const Setup &setup, size_t frames)
{
    const unsigned int underruns = play(setup, frames, static_cast<uint32_t>(frames));
    expect(underruns == 0, std::to_string(underruns) + " underruns");
}

// Stops in the middle, prepares, and plays from the start again.
void drop_and_prepare()
{
    const Setup setup;
    const std::vector<uint8_t> samples = noise(setup, 48000, 3);
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    for (int round = 0; round < 3; round++) {
        expect(pcm.write(samples) == 0, "underrun in round " + std::to_string(round));
        check(snd_pcm_drop(pcm.get()), "drop");
        check(snd_pcm_prepare(pcm.get()), "prepare");
        expect(snd_pcm_avail(pcm.get()) == static_cast<snd_pcm_sframes_t>(setup.buffer),
               "after prepare the buffer is not empty");
    }
}

void pause_and_release()
{
    const Setup setup;
    const std::vector<uint8_t> samples = noise(setup, 24000, 4);
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    pcm.write(samples);
    check(snd_pcm_pause(pcm.get(), 1), "pause");
    expect(snd_pcm_state(pcm.get()) == SND_PCM_STATE_PAUSED, "the stream is not paused");
    const snd_pcm_sframes_t before = snd_pcm_avail(pcm.get());
    // Far longer than the buffer lasts: nothing may move, and nothing underrun.
    poll(nullptr, 0, 200);
    expect(snd_pcm_avail(pcm.get()) == before, "the position moved while paused");
    check(snd_pcm_pause(pcm.get(), 0), "release");
    expect(pcm.write(samples) == 0, "underrun after the pause");
    pcm.drain();
}

// Lets the buffer run dry: one -EPIPE, then prepare makes it play again.
void underrun_and_recovery()
{
    const Setup setup;
    const std::vector<uint8_t> samples = noise(setup, setup.buffer, 5);
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    pcm.write(samples);
    expect(snd_pcm_state(pcm.get()) == SND_PCM_STATE_RUNNING, "a full buffer did not start");
    pollfd descriptor = {};
    snd_pcm_poll_descriptors(pcm.get(), &descriptor, 1);
    int wait_ms = 2000;
    while (snd_pcm_state(pcm.get()) == SND_PCM_STATE_RUNNING && wait_ms > 0) {
        poll(nullptr, 0, 5);
        snd_pcm_avail(pcm.get());
        wait_ms -= 5;
    }
    expect(snd_pcm_state(pcm.get()) == SND_PCM_STATE_XRUN,
           std::string("a dry buffer is ") + snd_pcm_state_name(snd_pcm_state(pcm.get())));
    expect(pcm.write(noise(setup, 9600, 6)) == 1, "not exactly one recovery");
    pcm.drain();
}

// Drain returns once the last frame was played, not before.
void drain_takes_its_time()
{
    const Setup setup;
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    const size_t frames = 48000 / 10 + 7;
    snd_htimestamp_t start = {};
    snd_htimestamp_t end = {};
    clock_gettime(CLOCK_MONOTONIC, &start);
    expect(pcm.write(noise(setup, frames, 7)) == 0, "underrun");
    pcm.drain();
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double seconds = static_cast<double>(end.tv_sec - start.tv_sec) +
                           static_cast<double>(end.tv_nsec - start.tv_nsec) / 1e9;
    diagnose("0.1001 s of audio took " + std::to_string(seconds) + " s");
    expect(seconds >= 0.1, "drain returned before the audio had been played");
    // The audio's own time, a period, and no more than 5 ms for requests and answers on the way.
    expect_in_time(seconds < 0.1001 + 0.01 + 0.005, "drain took more than the audio and a period");
}

// What was committed is with the backend: it cannot be taken back.
void no_rewind()
{
    const Setup setup;
    Pcm pcm(free_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    pcm.write(noise(setup, setup.buffer / 2, 8));
    const snd_pcm_sframes_t rewound = snd_pcm_rewind(pcm.get(), setup.period);
    expect(rewound <= 0, std::to_string(rewound) + " frames were rewound");
}

} // namespace

std::vector<Test> playback_tests()
{
    return {
        { "exact: 480/1920 frames",
          [] {
              exact({}, 48000 * 2);
          } },
        { "exact: odd period and buffer",
          [] {
              exact({ .period = 333, .buffer = 1111 }, 48000 + 101);
          } },
        { "exact: 64/256 frames",
          [] {
              exact({ .period = 64, .buffer = 256 }, 48000);
          } },
        { "exact: a partial last period is drained",
          [] {
              exact({ .period = 1024, .buffer = 4096 }, 5000);
          } },
        { "exact: less than one period",
          [] {
              exact({}, 100);
          } },
        { "exact: mmap",
          [] {
              exact({ .access = SND_PCM_ACCESS_MMAP_INTERLEAVED }, 48000 + 7);
          } },
        { "exact: 88200 Hz, 32 bit, mono",
          [] {
              exact({ .rate = 88200, .channels = 1, .format = SND_PCM_FORMAT_S32_LE }, 44100);
          } },
        { "exact: a buffer with a page directory of two pages",
          [] {
              // 1025 pages and more do not fit one page of references.
              exact({ .format = SND_PCM_FORMAT_S32_LE, .period = 65536, .buffer = 540672 }, 600000);
          } },
        { "playback: drop and prepare start over", drop_and_prepare },
        { "playback: pause holds the position", pause_and_release },
        { "playback: underrun and recovery", underrun_and_recovery },
        { "playback: drain ends with the audio", drain_takes_its_time },
        { "playback: no rewind", no_rewind },
    };
}

} // namespace selftest

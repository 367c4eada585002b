// SPDX-License-Identifier: GPL-2.0-only
// Capture delivers what the backend recorded, in order and without a gap. The backend's sequence is
// the same from every start on.
#include "pcm.h"
#include "tests.h"

#include <cstring>
#include <poll.h>

namespace selftest {

namespace {

constexpr size_t reference_frames = 48000;

std::vector<uint8_t> record(const Setup &setup, size_t frames)
{
    Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, setup);
    std::vector<uint8_t> samples;
    pcm.read(samples, frames);
    return samples;
}

void expect_start_of(const std::vector<uint8_t> &reference, const std::vector<uint8_t> &samples,
                     const std::string &what)
{
    expect(samples.size() <= reference.size(), what + " is too long to be compared");
    for (size_t i = 0; i < samples.size(); i++)
        expect(samples[i] == reference[i], what + " differs at byte " + std::to_string(i));
}

// Two recordings with different buffers agree unless one of them lost, repeated or displaced
// something.
void same_sequence_for_any_buffer()
{
    const std::vector<uint8_t> first = record({}, reference_frames);
    const std::vector<uint8_t> second = record({ .period = 333, .buffer = 1500 }, reference_frames);
    expect_start_of(first, second, "the second recording");
    const std::vector<uint8_t> start(first.begin(), first.begin() + 4096);
    for (size_t at = 4096; at + 4096 <= first.size(); at += 4096) {
        expect(std::memcmp(&first[at], start.data(), 4096) != 0,
               "the recording repeats its start at byte " + std::to_string(at));
    }
}

// The application does not read for longer than the buffer lasts: one -EPIPE, then prepare starts
// a new recording.
// Twice, and no frame is wrong before, between and after.
void overrun_and_restart()
{
    const std::vector<uint8_t> reference = record({}, reference_frames);
    const Setup setup = { .period = 333, .buffer = 1500 };
    Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, setup);
    for (int round = 0; round < 2; round++) {
        std::vector<uint8_t> samples;
        pcm.read(samples, 9000 + static_cast<size_t>(round));
        expect_start_of(reference, samples, "recording " + std::to_string(round));
        poll(nullptr, 0, 100);
        uint8_t frame[4] = {};
        const snd_pcm_sframes_t result = snd_pcm_readi(pcm.get(), frame, 1);
        expect(result == -EPIPE,
               "after three buffers without a read: " +
                   std::string(result < 0 ? snd_strerror(static_cast<int>(result)) : "a frame"));
        expect(snd_pcm_state(pcm.get()) == SND_PCM_STATE_XRUN,
               std::string("an overrun is ") + snd_pcm_state_name(snd_pcm_state(pcm.get())));
        check(snd_pcm_prepare(pcm.get()), "prepare after an overrun");
    }
    std::vector<uint8_t> samples;
    pcm.read(samples, 24000);
    expect_start_of(reference, samples, "the recording after the overruns");
}

// Stopped at any moment, with frames unread, and started anew.
void drop_and_restart()
{
    const std::vector<uint8_t> reference = record({}, reference_frames);
    Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, {});
    for (size_t round = 0; round < 5; round++) {
        std::vector<uint8_t> samples;
        pcm.read(samples, 4800 + 101 * round);
        expect_start_of(reference, samples, "recording " + std::to_string(round));
        poll(nullptr, 0, static_cast<int>(7 * round));
        check(snd_pcm_drop(pcm.get()), "drop");
        check(snd_pcm_prepare(pcm.get()), "prepare");
    }
}

// A pause is no gap.
void pause_and_release()
{
    const std::vector<uint8_t> reference = record({}, reference_frames);
    Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, {});
    std::vector<uint8_t> samples;
    for (int round = 0; round < 3; round++) {
        pcm.read(samples, 4807);
        check(snd_pcm_pause(pcm.get(), 1), "pause");
        poll(nullptr, 0, 100);
        check(snd_pcm_pause(pcm.get(), 0), "release");
    }
    pcm.read(samples, 9600);
    expect_start_of(reference, samples, "the recording with pauses");
}

} // namespace

std::vector<Test> capture_tests()
{
    return {
        { "capture: the same sequence for any buffer", same_sequence_for_any_buffer },
        { "capture: overrun and restart", overrun_and_restart },
        { "capture: drop and restart", drop_and_restart },
        { "capture: a pause is no gap", pause_and_release },
    };
}

} // namespace selftest

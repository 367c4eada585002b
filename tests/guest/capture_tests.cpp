// SPDX-License-Identifier: GPL-2.0-only
// Capture delivers what the backend recorded, in order and without a gap.
#include "pcm.h"
#include "tests.h"

#include <cstring>

namespace selftest {

namespace {

std::vector<uint8_t> record(const Setup &setup, size_t frames)
{
    Pcm pcm(free_pcm, SND_PCM_STREAM_CAPTURE, setup);
    std::vector<uint8_t> samples;
    pcm.read(samples, frames);
    return samples;
}

// The backend's sequence is the same from every OPEN on, so two recordings with different buffers
// agree unless one of them lost, repeated or displaced something.
void same_sequence_for_any_buffer()
{
    const size_t frames = 48000;
    const std::vector<uint8_t> first = record({}, frames);
    const std::vector<uint8_t> second = record({ .period = 333, .buffer = 1500 }, frames);
    for (size_t i = 0; i < first.size(); i++) {
        expect(first[i] == second[i], "the recordings differ at byte " + std::to_string(i));
    }
    const std::vector<uint8_t> start(first.begin(), first.begin() + 4096);
    for (size_t at = 4096; at + 4096 <= first.size(); at += 4096) {
        expect(std::memcmp(&first[at], start.data(), 4096) != 0,
               "the recording repeats its start at byte " + std::to_string(at));
    }
}

} // namespace

std::vector<Test> capture_tests()
{
    return {
        { "capture: the same sequence for any buffer", same_sequence_for_any_buffer },
    };
}

} // namespace selftest

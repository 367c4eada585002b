// SPDX-License-Identifier: GPL-2.0-only
// What one PCM plays, another captures through the backend's loop: bit for bit, in every format,
// with both directions at work at once.
#include "counters.h"
#include "pcm.h"
#include "tests.h"

#include <algorithm>

namespace selftest {

namespace {

// Issue 3: what a period may cost in both directions together.
constexpr double interrupts_per_period_max = 1.05 + 2.1;
constexpr double switches_per_period_max = 1.1 + 1.1;

constexpr unsigned int rates[] = { 8000, 44100, 48000, 88200, 192000 };
constexpr unsigned int channel_counts[] = { 1, 2, 6, 8 };

// sndif.h, "PCM FORMATS".
constexpr snd_pcm_format_t formats[] = {
    SND_PCM_FORMAT_S8,
    SND_PCM_FORMAT_U8,
    SND_PCM_FORMAT_S16_LE,
    SND_PCM_FORMAT_S16_BE,
    SND_PCM_FORMAT_U16_LE,
    SND_PCM_FORMAT_U16_BE,
    SND_PCM_FORMAT_S24_LE,
    SND_PCM_FORMAT_S24_BE,
    SND_PCM_FORMAT_U24_LE,
    SND_PCM_FORMAT_U24_BE,
    SND_PCM_FORMAT_S32_LE,
    SND_PCM_FORMAT_S32_BE,
    SND_PCM_FORMAT_U32_LE,
    SND_PCM_FORMAT_U32_BE,
    SND_PCM_FORMAT_FLOAT_LE,
    SND_PCM_FORMAT_FLOAT_BE,
    SND_PCM_FORMAT_FLOAT64_LE,
    SND_PCM_FORMAT_FLOAT64_BE,
    SND_PCM_FORMAT_IEC958_SUBFRAME_LE,
    SND_PCM_FORMAT_IEC958_SUBFRAME_BE,
    SND_PCM_FORMAT_MU_LAW,
    SND_PCM_FORMAT_A_LAW,
    SND_PCM_FORMAT_IMA_ADPCM,
};

// ALSA knows these by name only: without a width there is no frame.
constexpr snd_pcm_format_t formats_without_width[] = { SND_PCM_FORMAT_MPEG, SND_PCM_FORMAT_GSM };

std::string describe(const Setup &setup)
{
    return std::string(snd_pcm_format_name(setup.format)) + ", " + std::to_string(setup.channels) +
           " channels, " + std::to_string(setup.rate) + " Hz";
}

// Random bytes, the first of which is in no format part of silence.
std::vector<uint8_t> noise(size_t bytes, uint32_t seed)
{
    std::vector<uint8_t> samples = random_bytes(bytes, seed);
    samples[0] = 0x5a;
    return samples;
}

// The first byte that is not what the recording begins with, frame after frame.
size_t find_end_of_silence(const std::vector<uint8_t> &recording, size_t frame_bytes)
{
    size_t at = 0;
    while (at < recording.size() && recording[at] == recording[at % frame_bytes])
        at++;
    return at;
}

// That @recording has all of @played from byte @start on.
void expect_equal(const std::vector<uint8_t> &recording, size_t start,
                  const std::vector<uint8_t> &played)
{
    expect(recording.size() >= start + played.size(),
           "of " + std::to_string(played.size()) + " bytes only " +
               std::to_string(recording.size() - start) + " were captured");
    const auto differs = std::mismatch(played.begin(), played.end(),
                                       recording.begin() + static_cast<std::ptrdiff_t>(start))
                             .first;
    expect(differs == played.end(), "byte " + std::to_string(differs - played.begin()) + " of " +
                                        std::to_string(played.size()) + " differs");
}

// Plays a few periods and captures them. Returns the bytes that were compared.
size_t roundtrip(Setup setup)
{
    // 5 ms, in whole bytes whatever the format.
    setup.period = setup.rate / 400 * 2;
    setup.buffer = 4 * setup.period;
    Setup input_setup = setup;
    input_setup.buffer = 8 * setup.period;
    Pcm input(loop_input_pcm, SND_PCM_STREAM_CAPTURE, input_setup);
    Pcm output(loop_output_pcm, SND_PCM_STREAM_PLAYBACK, setup);

    // So that the capturing side is at work for certain when the first frame is played.
    std::vector<uint8_t> recording;
    input.read(recording, setup.period);
    const std::vector<uint8_t> played = noise(output.bytes(6 * setup.period + setup.period / 4 * 2),
                                              static_cast<uint32_t>(setup.rate + setup.channels));
    expect(output.write(played) == 0, "underrun");

    const size_t frame_bytes = input.bytes(2);
    const size_t limit = input.bytes(30 * setup.period);
    size_t start = find_end_of_silence(recording, frame_bytes);
    while (recording.size() < start + played.size() && recording.size() < limit) {
        input.read(recording, setup.period);
        start = find_end_of_silence(recording, frame_bytes);
    }
    expect_equal(recording, start, played);
    return played.size();
}

// All rates and numbers of channels; goes on after a failure, to show which of them fail.
void every_setup(snd_pcm_format_t format)
{
    unsigned int passed = 0;
    unsigned int failed = 0;
    size_t bytes = 0;
    for (const unsigned int channels : channel_counts) {
        for (const unsigned int rate : rates) {
            const Setup setup = { .rate = rate, .channels = channels, .format = format };
            try {
                bytes += roundtrip(setup);
                passed++;
            } catch (const Failure &failure) {
                failed++;
                diagnose(describe(setup) + ": " + failure.what);
            }
        }
    }
    diagnose(std::to_string(passed) + " of " + std::to_string(passed + failed) +
             " combinations of rate and channels, " + std::to_string(bytes) + " bytes");
    expect(failed == 0, std::to_string(failed) + " combinations failed");
}

// The driver offers the format as XenStore says, and the core of ALSA cannot take it: it finds no
// sample width that would be the format's (sound/core/pcm_native.c, snd_pcm_hw_rule_sample_bits()).
void cannot_be_chosen(snd_pcm_format_t format)
{
    expect(snd_pcm_format_physical_width(format) < 0, "ALSA has a width for this format");
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    snd_pcm_format_mask_t *mask;
    snd_pcm_format_mask_alloca(&mask);
    unsigned int refused = 0;
    for (const char *name : { loop_output_pcm, loop_input_pcm }) {
        snd_pcm_t *pcm;
        const bool is_output = name == loop_output_pcm;
        check(snd_pcm_open(&pcm, name, is_output ? SND_PCM_STREAM_PLAYBACK : SND_PCM_STREAM_CAPTURE,
                           0),
              "open");
        bool is_offered = true;
        for (const unsigned int channels : channel_counts) {
            for (const unsigned int rate : rates) {
                snd_pcm_hw_params_any(pcm, hw);
                snd_pcm_hw_params_set_channels(pcm, hw, channels);
                snd_pcm_hw_params_set_rate(pcm, hw, rate, 0);
                snd_pcm_hw_params_get_format_mask(hw, mask);
                is_offered = is_offered && snd_pcm_format_mask_test(mask, format) != 0;
                refused += snd_pcm_hw_params_set_format(pcm, hw, format) == -EINVAL;
            }
        }
        snd_pcm_close(pcm);
        expect(is_offered, std::string(name) + " does not offer the format");
    }
    diagnose("offered by the driver; ALSA itself refuses all 20 combinations of rate and channels, "
             "for it has no sample width for this format");
    const size_t all = 2 * std::size(channel_counts) * std::size(rates);
    expect(refused == all, std::to_string(refused) + " of " + std::to_string(all) +
                               " combinations were refused with EINVAL");
}

// Both directions at once, started together as one, for @periods periods of 480/1920 frames.
void linked(size_t periods)
{
    const Setup setup;
    const size_t buffer_periods = setup.buffer / setup.period;
    Pcm output(loop_output_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    Pcm input(loop_input_pcm, SND_PCM_STREAM_CAPTURE, setup);
    check(snd_pcm_link(output.get(), input.get()), "link");

    const std::vector<uint8_t> played = noise(output.bytes(periods * setup.period), 11);
    const auto part = [&](size_t index, size_t count) {
        const auto first =
            played.begin() + static_cast<std::ptrdiff_t>(output.bytes(index * setup.period));
        return std::vector<uint8_t>(
            first, first + static_cast<std::ptrdiff_t>(output.bytes(count * setup.period)));
    };
    unsigned int underruns = output.write(part(0, buffer_periods));
    expect(snd_pcm_state(output.get()) == SND_PCM_STATE_RUNNING, "a full buffer did not start");
    expect(snd_pcm_state(input.get()) == SND_PCM_STATE_RUNNING,
           "capture did not start with the playback it is linked to");

    std::vector<uint8_t> recording;
    recording.reserve(played.size());
    const Counters before = read_counters();
    for (size_t index = buffer_periods; index < periods; index++) {
        input.read(recording, setup.period);
        underruns += output.write(part(index, 1));
    }
    const Counters used = read_counters() - before;
    const auto counted = static_cast<double>(periods - buffer_periods);
    const double interrupts = static_cast<double>(used.interrupts) / counted;
    const double switches = static_cast<double>(used.voluntary_switches) / counted;
    diagnose(std::to_string(periods - buffer_periods) + " periods both ways, " +
             std::to_string(underruns) + " underruns, no overrun, per period " +
             std::to_string(interrupts) + " interrupts and " + std::to_string(switches) +
             " voluntary switches");
    expect(underruns == 0, std::to_string(underruns) + " underruns");
    expect(interrupts <= interrupts_per_period_max,
           std::to_string(used.interrupts) + " interrupts are too many");
    expect(switches <= switches_per_period_max,
           std::to_string(used.voluntary_switches) + " context switches are too many");

    // The backend's two streams start within the time it takes it to serve two requests, either
    // one first.
    const size_t frame_bytes = output.frame_bytes();
    const size_t window = output.bytes(setup.period);
    size_t skipped = 0;
    size_t start = 0;
    const bool is_silent_first = std::all_of(recording.begin(), recording.begin() + 4,
                                             [](uint8_t byte) { return byte == 0; });
    if (is_silent_first) {
        start = find_end_of_silence(recording, frame_bytes);
    } else {
        const auto found = std::search(played.begin(), played.begin() + 2 * window,
                                       recording.begin(), recording.begin() + 4 * frame_bytes);
        skipped = static_cast<size_t>(found - played.begin());
    }
    diagnose(
        skipped != 0
            ? "capture started " + std::to_string(skipped / frame_bytes) + " frames after playback"
            : "capture started " + std::to_string(start / frame_bytes) + " frames before playback");
    expect(start < window && skipped < window, "the streams did not start together");
    const size_t last = skipped + (recording.size() - start);
    expect_equal(recording, start,
                 { played.begin() + static_cast<std::ptrdiff_t>(skipped),
                   played.begin() + static_cast<std::ptrdiff_t>(last) });
}

} // namespace

std::vector<Test> roundtrip_tests()
{
    std::vector<Test> tests;
    for (const snd_pcm_format_t format : formats)
        tests.push_back({ std::string("roundtrip: ") + snd_pcm_format_name(format), [format] {
                             every_setup(format);
                         } });
    for (const snd_pcm_format_t format : formats_without_width)
        tests.push_back({ std::string("roundtrip: ") + snd_pcm_format_name(format) +
                              ", which ALSA names but cannot transfer",
                          [format] {
                              cannot_be_chosen(format);
                          } });
    tests.push_back({ "duplex: linked streams start together", [] {
                         linked(100);
                     } });
    tests.push_back({ "duplex: linked, 480/1920 frames, 5 s without an xrun", [] {
                         linked(500);
                     } });
    return tests;
}

} // namespace selftest

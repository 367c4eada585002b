// SPDX-License-Identifier: GPL-2.0-only
// An open ALSA PCM, and samples to put through it.
#pragma once

#include <alsa/asoundlib.h>
#include <cstdint>
#include <string>
#include <vector>

namespace selftest {

struct Setup {
    unsigned int rate = 48000;
    unsigned int channels = 2;
    snd_pcm_format_t format = SND_PCM_FORMAT_S16_LE;
    snd_pcm_uframes_t period = 480;
    snd_pcm_uframes_t buffer = 1920;
    snd_pcm_access_t access = SND_PCM_ACCESS_RW_INTERLEAVED;
};

// Throws Failure naming the ALSA call and its error.
int check(int result, const std::string &what);

class Pcm {
  public:
    // Opens @name and sets it up exactly as asked.
    Pcm(const std::string &name, snd_pcm_stream_t stream, const Setup &setup);
    ~Pcm();
    Pcm(const Pcm &) = delete;
    Pcm &operator=(const Pcm &) = delete;

    snd_pcm_t *get() const
    {
        return pcm_;
    }
    // Bytes of one frame.
    size_t frame_bytes() const;
    // Bytes of @frames frames, which together are whole bytes: IMA ADPCM has four bits a sample.
    size_t bytes(snd_pcm_uframes_t frames) const;
    // Writes all of @samples, with read/write or mmap as set up. Returns the underruns that were
    // recovered from on the way.
    unsigned int write(const std::vector<uint8_t> &samples);
    // Reads @frames frames and appends them to @samples. An overrun fails.
    void read(std::vector<uint8_t> &samples, snd_pcm_uframes_t frames);
    void drain();

  private:
    void set_up(snd_pcm_stream_t stream, const Setup &setup);

    snd_pcm_t *pcm_ = nullptr;
    Setup setup_;
};

// @bytes reproducible random bytes.
std::vector<uint8_t> random_bytes(size_t bytes, uint32_t seed);

// The PCMs of the selftest's card: see scripts/xenfront/selftests/cards.py.
extern const char *const exact_pcm; // its playback is recorded and compared
extern const char *const free_pcm; // playback goes nowhere, capture is a known sequence
// Those of the card with a loop: what the first plays, the second captures.
extern const char *const loop_output_pcm;
extern const char *const loop_input_pcm;

// Appends what was written to the exact PCM since its last OPEN to the files that the host
// compares with the recordings.
void save_played(const std::vector<uint8_t> &samples);

} // namespace selftest

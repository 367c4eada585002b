// SPDX-License-Identifier: GPL-2.0-only
#include "pcm.h"

#include "ktap.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>

namespace selftest {

const char *const exact_pcm = "hw:0,0";
const char *const free_pcm = "hw:0,1";
const char *const loop_output_pcm = "hw:0,0";
const char *const loop_input_pcm = "hw:0,1";

int check(int result, const std::string &what)
{
    expect(result >= 0, what + ": " + snd_strerror(result));
    return result;
}

Pcm::Pcm(const std::string &name, snd_pcm_stream_t stream, const Setup &setup) : setup_(setup)
{
    check(snd_pcm_open(&pcm_, name.c_str(), stream, 0), "open " + name);
    try {
        set_up(stream, setup);
    } catch (const Failure &) {
        // The destructor does not run for an object that was not constructed.
        snd_pcm_close(pcm_);
        throw;
    }
}

void Pcm::set_up(snd_pcm_stream_t stream, const Setup &setup)
{
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    check(snd_pcm_hw_params_any(pcm_, hw), "hw_params_any");
    check(snd_pcm_hw_params_set_access(pcm_, hw, setup.access), "set_access");
    check(snd_pcm_hw_params_set_format(pcm_, hw, setup.format), "set_format");
    check(snd_pcm_hw_params_set_channels(pcm_, hw, setup.channels), "set_channels");
    check(snd_pcm_hw_params_set_rate(pcm_, hw, setup.rate, 0), "set_rate");
    check(snd_pcm_hw_params_set_buffer_size(pcm_, hw, setup.buffer), "set_buffer_size");
    check(snd_pcm_hw_params_set_period_size(pcm_, hw, setup.period, 0), "set_period_size");
    check(snd_pcm_hw_params(pcm_, hw), "hw_params");

    snd_pcm_sw_params_t *sw;
    snd_pcm_sw_params_alloca(&sw);
    check(snd_pcm_sw_params_current(pcm_, sw), "sw_params_current");
    // Start when full, as aplay does; wake up for whole periods.
    check(snd_pcm_sw_params_set_start_threshold(
              pcm_, sw, stream == SND_PCM_STREAM_PLAYBACK ? setup.buffer : 1),
          "set_start_threshold");
    check(snd_pcm_sw_params_set_avail_min(pcm_, sw, setup.period), "set_avail_min");
    check(snd_pcm_sw_params(pcm_, sw), "sw_params");
}

Pcm::~Pcm()
{
    snd_pcm_close(pcm_);
}

size_t Pcm::frame_bytes() const
{
    return static_cast<size_t>(snd_pcm_frames_to_bytes(pcm_, 1));
}

size_t Pcm::bytes(snd_pcm_uframes_t frames) const
{
    return static_cast<size_t>(
        snd_pcm_frames_to_bytes(pcm_, static_cast<snd_pcm_sframes_t>(frames)));
}

unsigned int Pcm::write(const std::vector<uint8_t> &samples)
{
    const bool is_mmap = setup_.access == SND_PCM_ACCESS_MMAP_INTERLEAVED;
    const auto frames =
        static_cast<size_t>(snd_pcm_bytes_to_frames(pcm_, static_cast<ssize_t>(samples.size())));
    unsigned int underruns = 0;
    size_t done = 0;
    while (done < frames) {
        const uint8_t *from = samples.data() + bytes(done);
        const snd_pcm_uframes_t count = std::min<snd_pcm_uframes_t>(setup_.period, frames - done);
        const snd_pcm_sframes_t written =
            is_mmap ? snd_pcm_mmap_writei(pcm_, from, count) : snd_pcm_writei(pcm_, from, count);
        if (written == -EPIPE) {
            underruns++;
            check(snd_pcm_prepare(pcm_), "prepare after an underrun");
            continue;
        }
        check(static_cast<int>(written), "write");
        done += static_cast<size_t>(written);
    }
    return underruns;
}

void Pcm::read(std::vector<uint8_t> &samples, snd_pcm_uframes_t frames)
{
    const size_t before = samples.size();
    samples.resize(before + bytes(frames));
    for (snd_pcm_uframes_t done = 0; done < frames;) {
        const snd_pcm_sframes_t count =
            snd_pcm_readi(pcm_, samples.data() + before + bytes(done),
                          std::min<snd_pcm_uframes_t>(setup_.period, frames - done));
        check(static_cast<int>(count), "read");
        done += static_cast<snd_pcm_uframes_t>(count);
    }
}

void Pcm::drain()
{
    check(snd_pcm_drain(pcm_), "drain");
}

std::vector<uint8_t> random_bytes(size_t bytes, uint32_t seed)
{
    // Eight bytes a step: the guest's processor is an interpreted one.
    std::vector<uint64_t> words(bytes / sizeof(uint64_t) + 1);
    uint64_t state = 0x9e3779b97f4a7c15u + seed;
    for (uint64_t &word : words) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        word = state;
    }
    const auto *first = reinterpret_cast<const uint8_t *>(words.data());
    return { first, first + bytes };
}

void save_played(const std::vector<uint8_t> &samples)
{
    static unsigned int number = 0;
    const char *directory = std::getenv("LAB_OUT");
    expect(directory != nullptr, "LAB_OUT is not set: run this under scripts/lab");
    const std::string path =
        std::string(directory) + "/played-" + std::to_string(++number) + ".raw";
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char *>(samples.data()),
               static_cast<std::streamsize>(samples.size()));
    expect(file.good(), "cannot write " + path);
}

} // namespace selftest

// SPDX-License-Identifier: GPL-2.0-only
// An application that plays or records one stream.
#pragma once

#include "options.h"

#include <cstdint>

namespace bench {

// When it waited for room or for frames, by poll, and when it was woken.
struct WaitTime {
    uint64_t begin_ns; // of CLOCK_MONOTONIC
    uint64_t end_ns;
};

class Client {
  public:
    // Opens the PCM and sets it up. Throws selftest::Failure.
    Client(const StreamOption &stream, const Options &options);

    // Fills the buffer but for a period.
    void prepare();
    // Writes that, or reads a first one, so that the stream runs.
    void start();
    // Moves @periods periods, or as many as it can until it is given up, half as slow as it should
    // be. Recovers from xruns.
    void serve(size_t periods);

    // Of serve():
    size_t moved_periods() const
    {
        return moved_ / setup_.period;
    }
    size_t xruns() const
    {
        return xruns_;
    }
    size_t calls() const
    {
        return calls_;
    }
    // If the options want them.
    const std::vector<WaitTime> &times() const
    {
        return times_;
    }
    // Voluntary context switches: how often its thread waited.
    uint64_t switches() const
    {
        return switches_;
    }

  private:
    snd_pcm_sframes_t transfer();
    // Moves up to a chunk of frames, and tells how many.
    snd_pcm_uframes_t move();
    void wait();
    void sleep_until_due(uint64_t start_ns) const;

    const std::string name_;
    const bool is_playback_;
    const selftest::Setup setup_;
    const snd_pcm_uframes_t chunk_;
    selftest::Pcm pcm_;
    const bool takes_times_;
    const bool is_paced_;
    std::vector<uint8_t> samples_; // a chunk
    size_t moved_ = 0; // frames
    size_t xruns_ = 0;
    size_t calls_ = 0;
    uint64_t switches_ = 0;
    std::vector<WaitTime> times_;
};

} // namespace bench

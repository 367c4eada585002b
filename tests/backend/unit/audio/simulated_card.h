// SPDX-License-Identifier: GPL-2.0-only
//
// A card whose clock the test turns, behind alsa-lib's own converter.
#pragma once

#include <alsa/asoundlib.h>

#include <cstdint>
#include <vector>

#include "audio/frame_clock.hpp"

namespace sndback {

// As long as it lives, snd_pcm_open("simulated") opens it: S16_LE at 48000 Hz, two channels, any
// rate of the guest's converted. It stops when it has played all that it was given.
class SimulatedCard {
  public:
    static constexpr unsigned rate = 48000;

    // `period`: of the card, in frames at its rate.
    explicit SimulatedCard(snd_pcm_uframes_t period);
    ~SimulatedCard();
    SimulatedCard(const SimulatedCard &) = delete;
    SimulatedCard &operator=(const SimulatedCard &) = delete;

    // As snd_pcm_open(); -ENOENT if that is not its name, or there is none.
    [[nodiscard]] static int open(snd_pcm_t **pcm, const char *name, snd_pcm_stream_t direction,
                                  int mode);

    void set_time(Time now);
    // How often it has stopped by itself.
    [[nodiscard]] unsigned underruns() const;
    // The left channel of all frames that the converter has passed on.
    [[nodiscard]] const std::vector<std::int16_t> &passed_on() const;
};

} // namespace sndback

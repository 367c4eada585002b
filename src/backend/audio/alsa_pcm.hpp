// SPDX-License-Identifier: GPL-2.0-only
//
// An ALSA PCM of this domain: opening, capabilities, parameters.
#pragma once

#include <alsa/asoundlib.h>

#include <chrono>
#include <memory>
#include <string>

#include "audio/alsa_error.hpp"
#include "audio/pcm_device.hpp"
#include "protocol/hw_params.hpp"

namespace sndback {

// Before a card that could not be got going is tried again.
inline constexpr std::chrono::milliseconds retry_pause { 5 };

class AlsaPcm {
  public:
    // Opens without blocking. Throws AlsaError.
    AlsaPcm(const std::string &name, snd_pcm_stream_t direction);

    // What the PCM can do in any configuration, and with each format. The intervals are those of
    // the whole space: a combination of rate and channels within them can still be refused at
    // configure().
    [[nodiscard]] Limits limits() const;

    // Whether frames are taken as fast as they come, because there is nothing behind it that plays.
    [[nodiscard]] bool has_no_clock() const;

    // Sets hardware and software parameters: the exact format, a buffer of at least the guest's and
    // periods next to the guest's. Starting is left to start(). Throws AlsaError naming what was
    // refused, or Refusal if a buffer like the guest's can only stutter. One that is hardly
    // larger may.
    void configure(const OpenParameters &parameters);

    // Makes the descriptors readable at the first interrupt with at least `frames` available.
    // Throws AlsaError.
    void set_wakeup(snd_pcm_uframes_t frames);
    // What was asked for last.
    [[nodiscard]] snd_pcm_uframes_t wakeup() const
    {
        return wakeup_;
    }

    [[nodiscard]] snd_pcm_t *get() const
    {
        return handle_.get();
    }
    [[nodiscard]] const std::string &name() const
    {
        return name_;
    }
    [[nodiscard]] snd_pcm_uframes_t buffer_frames() const
    {
        return buffer_frames_;
    }
    [[nodiscard]] snd_pcm_uframes_t period_frames() const
    {
        return period_frames_;
    }
    [[nodiscard]] bool can_pause() const
    {
        return can_pause_;
    }
    // Whether alsa-lib converts the rate of what is configured: it passes on whole periods only,
    // and a PCM that has got none of them does not start.
    [[nodiscard]] bool converts_rate() const
    {
        return converts_rate_;
    }
    // Whether the last frames are heard in full only if others follow. A converter keeps those of a
    // period that is not full. A card counts frames as played when it has fetched them, and if it
    // then runs dry, what is on its way over USB is lost. A sound server plays what it has taken.
    [[nodiscard]] bool needs_silence() const
    {
        return has_card_ || converts_rate_;
    }

    // Whether frames that were written can be taken back: not where a sound server, a converter or
    // a dshare has them. Of servers and of dshare alsa-lib says that it takes them back; but it
    // never copies what is then written in their place to the card that a dshare shares.
    [[nodiscard]] bool takes_back() const
    {
        return takes_back_;
    }
    // Takes back up to so many of the frames written last, and returns how many.
    [[nodiscard]] snd_pcm_uframes_t take_back(snd_pcm_uframes_t frames) const;

    // Throws AlsaError if `result` is negative, else returns it.
    template <typename Result> Result check(Result result, const char *step) const
    {
        if (result < 0)
            throw AlsaError(name_, step, static_cast<int>(-result));
        return result;
    }

    // Frames that the card has room for, or has captured, as of now. A negative errno if it has
    // stopped, in plugins that share a card too: dmix and dsnoop take the error for themselves, and
    // answer like before that a card was suspended.
    [[nodiscard]] snd_pcm_sframes_t available() const;

    void add_descriptors(std::vector<pollfd> &descriptors) const;
    // Lets plugins see what poll() returned; they reset their descriptors then. Returns whether the
    // PCM says that there is something to do, or has its descriptors ready all the same: recording
    // from PulseAudio does both, one after the other.
    [[nodiscard]] bool acknowledge(std::span<pollfd> ready) const;

    // How long, at `rate`, what it has played is still to be heard, half a second at most:
    // what follows waits so long, and frontends give up waiting for a response after a second. The
    // last `silence` frames need not be heard. None of a card that has stopped by itself, or of one
    // that does not know; a plugin without an answer of its own has alsa-lib tell the frames in it.
    [[nodiscard]] Time delay(unsigned rate, snd_pcm_uframes_t silence) const;

  private:
    struct Closer {
        void operator()(snd_pcm_t *handle) const
        {
            snd_pcm_close(handle);
        }
    };

    [[nodiscard]] std::string description() const;
    void configure_hardware(const OpenParameters &parameters);
    void configure_software();
    void require_room_for_periods(const OpenParameters &parameters) const;

    std::string name_;
    snd_pcm_stream_t direction_;
    std::unique_ptr<snd_pcm_t, Closer> handle_;
    snd_pcm_uframes_t buffer_frames_ = 0;
    snd_pcm_uframes_t period_frames_ = 0;
    snd_pcm_uframes_t wakeup_ = 0;
    bool has_card_ = false; // and is no connection to a sound server
    bool can_pause_ = false;
    bool converts_rate_ = false;
    bool takes_back_ = false;
};

} // namespace sndback

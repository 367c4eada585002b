// SPDX-License-Identifier: GPL-2.0-only
#include "echo.h"

#include "guest/ktap.h"

#include <algorithm>
#include <optional>

namespace bench {

namespace {

using selftest::check;
using selftest::Pcm;

// Silence, but for a click in the first frame if wanted.
class Player {
  public:
    Player(const Pcm &pcm, snd_pcm_uframes_t period)
        : pcm_(pcm), period_(period), samples_(pcm.bytes(period))
    {
    }

    void play(bool is_click)
    {
        std::fill_n(samples_.begin(), pcm_.frame_bytes(), is_click ? click : 0);
        check(static_cast<int>(snd_pcm_writei(pcm_.get(), samples_.data(), period_)), "write");
    }

  private:
    static constexpr uint8_t click = 0x40;

    const Pcm &pcm_;
    snd_pcm_uframes_t period_;
    std::vector<uint8_t> samples_;
};

class Listener {
  public:
    Listener(const Pcm &pcm, snd_pcm_uframes_t period)
        : pcm_(pcm), period_(period), samples_(pcm.bytes(period))
    {
    }

    snd_pcm_uframes_t heard() const
    {
        return heard_;
    }
    // Hears a period. The frame of a click in it, counted from the beginning.
    std::optional<snd_pcm_uframes_t> listen()
    {
        const snd_pcm_sframes_t count = snd_pcm_readi(pcm_.get(), samples_.data(), period_);
        check(static_cast<int>(count), "read");
        const auto end = samples_.begin() + snd_pcm_frames_to_bytes(pcm_.get(), count);
        const auto found =
            std::find_if(samples_.begin(), end, [](uint8_t octet) { return octet != 0; });
        const snd_pcm_uframes_t before = heard_;
        heard_ += static_cast<snd_pcm_uframes_t>(count);
        if (found == end)
            return std::nullopt;
        return before + static_cast<size_t>(found - samples_.begin()) / pcm_.frame_bytes();
    }

  private:
    const Pcm &pcm_;
    snd_pcm_uframes_t period_;
    std::vector<uint8_t> samples_;
    snd_pcm_uframes_t heard_ = 0;
};

} // namespace

std::vector<snd_pcm_uframes_t> measure_echoes(const std::string &pcm, const Options &options)
{
    const selftest::Setup &setup = options.setup;
    const Pcm input(pcm, SND_PCM_STREAM_CAPTURE, setup);
    const Pcm output(pcm, SND_PCM_STREAM_PLAYBACK, setup);
    Player player(output, setup.period);
    Listener listener(input, setup.period);
    // A first period shows that it records; a full buffer starts the playback.
    (void)listener.listen();
    for (snd_pcm_uframes_t filled = 0; filled < setup.buffer; filled += setup.period)
        player.play(false);

    const snd_pcm_uframes_t pause = 2 * setup.buffer;
    const auto frames = static_cast<snd_pcm_uframes_t>(options.seconds * setup.rate);
    std::vector<snd_pcm_uframes_t> echoes;
    bool is_waiting = false; // for the click that was written when so many had been heard:
    snd_pcm_uframes_t clicked = 0;
    snd_pcm_uframes_t quiet_since = listener.heard();
    while (listener.heard() < frames) {
        if (const std::optional<snd_pcm_uframes_t> click = listener.listen(); click && is_waiting) {
            echoes.push_back(*click - clicked);
            is_waiting = false;
            quiet_since = listener.heard();
        }
        const bool is_click = !is_waiting && listener.heard() - quiet_since >= pause;
        if (is_click) {
            clicked = listener.heard();
            is_waiting = true;
        }
        player.play(is_click);
    }
    return echoes;
}

} // namespace bench

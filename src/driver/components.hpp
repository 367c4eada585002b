// SPDX-License-Identifier: GPL-2.0-only
// What a card's components (see /proc/asound and snd_ctl_card_info) tell user space of its PCM
// devices, for src/alsa/ucm2, which can see neither channels nor which controls belong to what.
#pragma once

#include "base/text.hpp"
#include "sndif/config.hpp"

namespace xen_front {

// What ALSA has room for, with the NUL: of the 128 characters that kernels before 7.3 keep, one is
// for a separator, even where there is nothing to separate.
inline constexpr size_t components_size = 127;
using Components = Text<components_size>;

// A word for each PCM device and direction, such as "pcm1p:2:3": device 1 plays, two channels, and
// the controls of its first stream have the index 3. Words for which there is no room are left out.
inline void describe_devices(Components &out, const CardConfig &config)
{
    constexpr uint32_t usual_channels = 2;
    uint32_t counts[] = { 0, 0 }; // by StreamType
    for (uint32_t i = 0; i < config.stream_count; i++) {
        const StreamConfig &stream = config.streams[i];
        const bool is_playback = stream.type == StreamType::Playback;
        const uint32_t index = counts[static_cast<uint8_t>(stream.type)]++;
        if (stream.substream != 0)
            continue;
        const PcmSettings &settings = stream.settings;
        Text<32> word;
        word << (out.is_empty() ? "pcm" : " pcm") << stream.device << (is_playback ? "p:" : "c:")
             << max(settings.channels_min, min(settings.channels_max, usual_channels)) << ":"
             << index;
        if (out.view().size() + word.view().size() >= components_size)
            return;
        out << word.view();
    }
}

} // namespace xen_front

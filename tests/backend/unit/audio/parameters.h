// SPDX-License-Identifier: GPL-2.0-only
//
// What most tests of devices open them with.
#pragma once

#include "audio/pcm_device.hpp"

namespace sndback {

inline const StreamFormat stereo { find_format("s16_le"), 48000, 2 };
inline constexpr std::uint32_t period = 480 * 4; // 10 ms
inline constexpr std::uint32_t buffer = 4 * period;

// Of a card behind alsa-lib.
inline const OpenParameters alsa_parameters { stereo, 16'384, 4096, {} };

} // namespace sndback

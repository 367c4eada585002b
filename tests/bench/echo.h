// SPDX-License-Identifier: GPL-2.0-only
// How long it takes until an application hears what it plays.
#pragma once

#include "options.h"

namespace bench {

// Plays clicks on @pcm, whose capture hears its playback, and records at once, period by period.
// For each click: frames from those that had been read when it was written to itself. Throws
// selftest::Failure, also at an xrun.
std::vector<snd_pcm_uframes_t> measure_echoes(const std::string &pcm, const Options &options);

} // namespace bench

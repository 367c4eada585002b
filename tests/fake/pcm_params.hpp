// SPDX-License-Identifier: GPL-2.0-only
// How ALSA's core finds parameters: constraints of the hardware, rules of the driver, and a choice.
#pragma once

#include <cstdint>

#include "fake/substream.hpp"

namespace xen_front::fake {

using PcmRanges = kshim_pcm_ranges;

// What an application asks for.
struct PcmParams {
    unsigned int format; // SNDRV_PCM_FORMAT_*
    unsigned int rate;
    unsigned int channels;
    unsigned int period_frames;
    unsigned int buffer_frames;
};

// Parameters that nothing has narrowed yet.
PcmRanges any_params();
PcmRanges exactly(const PcmParams &params);

// Narrows @ranges to what hardware and driver allow: 0, -EINVAL when that leaves nothing, or what
// the driver's rule returned.
int refine(kshim_substream &substream, PcmRanges &ranges);
// The configuration that the core chooses out of @ranges, into @params.
int choose(kshim_substream &substream, PcmRanges ranges, kshim_pcm_params &params);

} // namespace xen_front::fake

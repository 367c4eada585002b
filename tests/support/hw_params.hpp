// SPDX-License-Identifier: GPL-2.0-only
// Hardware parameters as the system call takes them, each made what it is to be.
#pragma once

#include <sound/asound.h>

namespace xen_front::test {

// A mask with one bit, such as a format or a way of access.
inline void choose(snd_pcm_hw_params &params, int parameter, unsigned int value)
{
    snd_mask &mask = params.masks[parameter - SNDRV_PCM_HW_PARAM_FIRST_MASK];
    mask = {};
    mask.bits[value / 32] = 1u << value % 32;
}

// An interval of one value, such as a rate or a size.
inline void fix(snd_pcm_hw_params &params, int parameter, unsigned int value)
{
    snd_interval &interval = params.intervals[parameter - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
    interval.min = value;
    interval.max = value;
    interval.integer = 1;
}

} // namespace xen_front::test

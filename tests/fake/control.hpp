// SPDX-License-Identifier: GPL-2.0-only
// Mixer controls as ALSA's core sees them: sound/core/control.c of the kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kshim/control.h"

struct kshim_control {
    kshim_card *card;
    kshim_control_kind kind;
    std::string name;
    unsigned int index;
    unsigned int device;
    unsigned int substream;
    unsigned int channels;
    void *context;
    bool is_removed = false;

    // What listeners were told.
    uint64_t value_events = 0;

    // ---- what applications do; 0 or a negative errno ----

    int read(std::vector<uint32_t> &values);
    int write(const std::vector<uint32_t> &values);
};

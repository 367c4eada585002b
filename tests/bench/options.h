// SPDX-License-Identifier: GPL-2.0-only
// The command line of xen-front-bench.
#pragma once

#include "guest/pcm.h"

#include <optional>
#include <string>
#include <vector>

namespace bench {

struct StreamOption {
    snd_pcm_stream_t direction;
    std::string pcm;
};

struct Options {
    selftest::Setup setup;
    snd_pcm_uframes_t chunk = 0; // frames moved with one call; 0: a period
    double seconds = 1;
    std::string echo; // PCM that hears itself; empty: measure something else
    std::string tracing; // file that switches the kernel's tracing; empty: none
    std::string others; // file with the numbers of interrupts that are not the driver's
    uint32_t accountant = 0; // port; 0: none
    uint32_t pinger = 0; // port; 0: none
    bool copies = false;
    bool is_paced = false; // a chunk when it is due, not as soon as there is room
    unsigned int cycles = 0; // of opening, setting up and closing, instead of measuring a stream
    bool starts = false; // in each cycle
    std::string
        player; // program that plays @file in each cycle, instead of opening a PCM; empty: none
    std::string file;
    std::string times; // file to write the times of all waits to; empty: do not wait by poll
    std::string save_interrupts; // file to write those to, instead of measuring
    std::vector<StreamOption> streams; // none: idle
};

void print_usage(const char *program);

// Nothing, and a message on stderr, when they make no sense.
std::optional<Options> parse_options(int argc, char **argv);

} // namespace bench

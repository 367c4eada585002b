// SPDX-License-Identifier: GPL-2.0-only
// Streams that are played and recorded at once, and what that costs.
#pragma once

#include "client.h"
#include "meter.h"
#include "options.h"

namespace bench {

struct Result {
    Reading used = {};
    size_t periods = 0; // to be moved by each stream
    size_t moved_periods = 0; // by all streams
    size_t xruns = 0;
    size_t calls = 0;
    uint64_t switches = 0;
    Moment moment = {}; // during it
    std::vector<WaitTime> times;
    std::vector<snd_pcm_uframes_t> echoes; // frames until each click was heard
    std::vector<uint64_t> reads; // when a player read its first frames, in each cycle
    std::string failure; // empty: all went well
};

// What went wrong is in the result.
Result run_workload(const Options &options, Meter &meter);

} // namespace bench

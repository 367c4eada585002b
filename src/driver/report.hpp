// SPDX-License-Identifier: GPL-2.0-only
// What /proc/asound/cardN/xen-front says.
#pragma once

#include "base/strong.hpp"
#include "base/text.hpp"
#include "driver/round_trips.hpp"
#include "driver/statistics.hpp"
#include "kernel/proc_text.hpp"
#include "kshim/pcm.h"
#include "kshim/trace.h"
#include "sndif/config.hpp"

namespace xen_front {

// One word. Context: any.
const char *name_of(kshim_stream_state state);

// A stream at one moment.
struct StreamReport {
    kshim_stream_state state = KSHIM_STREAM_DISCONNECTED;
    bool is_open = false; // by the backend, with these parameters
    kshim_pcm_params params = {};
    Frames committed; // by the application, since OPEN
    Frames sent; // asked for by WRITE or READ
    Frames hardware; // where the backend says it is
    Frames shown; // to ALSA
    uint64_t responses = 0;
    Statistics statistics;
};

// A connection at one moment.
struct LinkReport {
    wire::XenbusState frontend = wire::XenbusState::Unknown;
    wire::XenbusState backend = wire::XenbusState::Unknown; // any number: from XenStore
    DomainId backend_domain;
    Text<160> backend_path; // empty: never connected
};

// Context: may sleep.
void print(ProcText &out, const char *path, const LinkReport &link);
void print(ProcText &out, const StreamConfig &config, const StreamReport &stream);
// A line of the stream that was printed last; none if @operation had no answer.
void print(ProcText &out, wire::Operation operation, const RoundTrips &round_trips);

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// What /proc/asound/cardN/xen-front says.
#pragma once

#include "base/strong.hpp"
#include "base/text.hpp"
#include "driver/link.hpp"
#include "driver/statistics.hpp"
#include "kernel/proc_text.hpp"
#include "kshim/pcm.h"
#include "sndif/backend_stream.hpp"
#include "sndif/config.hpp"
#include "sndif/run_state.hpp"

namespace xen_front {

// A stream at one moment.
struct StreamReport {
    RunState run = RunState::Idle;
    Link link = Link::Absent;
    OpenState session = OpenState::Closed; // of the backend
    kshim_pcm_params params = {}; // of the last prepare; rate 0: none yet
    Frames step; // of the positions that the backend is asked for
    // In frames since prepare.
    Frames committed; // by the application: written, or read
    Frames requested; // of the backend, by WRITE or READ
    Frames hardware; // where the backend says it is
    Frames shown; // to ALSA
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

} // namespace xen_front

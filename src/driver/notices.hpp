// SPDX-License-Identifier: GPL-2.0-only
// What is found under the ring lock and has to be said without it: to ALSA, to the log, to the
// card.
#pragma once

#include "kernel/sound_card.hpp"
#include "sndif/protocol.hpp"
#include "sndif/violation.hpp"

namespace xen_front {

// How ALSA is to end a stream that it takes for running.
enum class PcmStop : uint8_t {
    None,
    Xrun, // the application may prepare it anew
    Disconnected, // it has to close it
};

// Told once, by an interrupt handler at once or by the card's maintenance work: see
// Stream::tell().
struct Notices {
    bool is_period_elapsed = false;
    // The position has moved by a whole buffer, which ALSA can only see by looking twice.
    bool needs_second_look = false;
    PcmStop stop = PcmStop::None;
    Violation violation = Violation::None; // to be logged
    wire::Operation refused_operation = wire::Operation::Open; // that the backend refused...
    int32_t refused_status = 0; // ...with this, which is to be logged; 0: none

    // Whether there is anything for ALSA or for the log.
    bool is_any() const
    {
        return is_period_elapsed || stop != PcmStop::None || violation != Violation::None ||
               refused_status != 0;
    }
};

} // namespace xen_front

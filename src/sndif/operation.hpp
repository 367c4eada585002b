// SPDX-License-Identifier: GPL-2.0-only
// Names of requests, for messages.
#pragma once

#include "sndif/protocol.hpp"

namespace xen_front {

constexpr const char *name_of(wire::Operation operation)
{
    constexpr const char *names[] = {
        "OPEN",       "CLOSE", "READ",   "WRITE",   "SET_VOLUME",
        "GET_VOLUME", "MUTE",  "UNMUTE", "TRIGGER", "HW_PARAM_QUERY",
    };
    return names[static_cast<uint8_t>(operation)];
}

static_assert(*name_of(wire::Operation::HwParamQuery) == 'H');

} // namespace xen_front

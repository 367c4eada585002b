// SPDX-License-Identifier: GPL-2.0-only
// What a backend can do that no backend may.
#pragma once

#include "base/types.hpp"

namespace xen_front {

enum class Violation : uint8_t {
    None,
    ResponseIndex, // rsp_prod names responses to requests never sent
    ResponseId, // an answer to nothing
    ResponseOperation, // an answer to another operation than was asked
    EventIndex, // in_prod runs backwards
};

// For the log.
constexpr const char *describe(Violation violation)
{
    constexpr const char *texts[] = {
        "nothing",
        "rsp_prod of the request ring is out of range",
        "a response has an id that no request is waiting for",
        "a response names another operation than its request",
        "in_prod of the event page runs backwards",
    };
    return texts[static_cast<uint8_t>(violation)];
}

static_assert(*describe(Violation::None) == 'n' && *describe(Violation::EventIndex) == 'i');

} // namespace xen_front

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
    EventIndex, // in_prod is more than the event page holds ahead
};

// For the log.
constexpr const char *describe(Violation violation)
{
    switch (violation) {
    case Violation::None:
        return "nothing";
    case Violation::ResponseIndex:
        return "rsp_prod of the request ring is out of range";
    case Violation::ResponseId:
        return "a response has an id that no request is waiting for";
    case Violation::ResponseOperation:
        return "a response names another operation than its request";
    case Violation::EventIndex:
        return "in_prod of the event page is out of range";
    }
    return "";
}

} // namespace xen_front

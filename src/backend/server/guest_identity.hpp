// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>

namespace sndback {

// Who a guest is, from nodes that only the toolstack can write.
struct GuestIdentity {
    unsigned domain = 0;
    std::string name; // empty: not to be read, as in a driver domain
    std::string uuid;

    friend bool operator==(const GuestIdentity &, const GuestIdentity &) = default;
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <string_view>

namespace sndback {

// Who a guest is, from nodes that only the toolstack can write.
struct GuestIdentity {
    unsigned domain = 0;
    std::string name; // empty: not to be read, as in a driver domain
    std::string uuid;

    // What the toolstack calls it once it has arrived, while it is being migrated to here.
    [[nodiscard]] std::string lasting_name() const
    {
        constexpr std::string_view incoming = "--incoming";
        return name.substr(0, name.size() - (name.ends_with(incoming) ? incoming.size() : 0));
    }

    friend bool operator==(const GuestIdentity &, const GuestIdentity &) = default;
};

} // namespace sndback

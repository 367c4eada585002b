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

    // Without what xl adds while the guest is being migrated to here, or from here.
    [[nodiscard]] std::string lasting_name() const
    {
        for (const std::string_view suffix : { "--incoming", "--migratedaway" })
            if (name.ends_with(suffix))
                return name.substr(0, name.size() - suffix.size());
        return name;
    }

    friend bool operator==(const GuestIdentity &, const GuestIdentity &) = default;
};

} // namespace sndback

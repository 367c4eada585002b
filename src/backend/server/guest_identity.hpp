// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

namespace sndback {

[[nodiscard]] inline bool is_uuid(std::string_view text)
{
    constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char got, char form) {
        return form == '-' ? got == '-' : std::isxdigit(static_cast<unsigned char>(got)) != 0;
    });
}

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

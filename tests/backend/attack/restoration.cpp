// SPDX-License-Identifier: GPL-2.0-only
#include "attack/restoration.h"

#include <algorithm>
#include <array>

#include "protocol/sndif.hpp"

namespace sndback {

namespace {

bool is_number(std::string_view text)
{
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

bool is_live(std::string_view path)
{
    constexpr std::array<std::string_view, 6> names = {
        "state",
        XENSND_FIELD_FE_VERSION,
        XENSND_FIELD_RING_REF,
        XENSND_FIELD_EVT_CHNL,
        XENSND_FIELD_EVT_RING_REF,
        XENSND_FIELD_EVT_EVT_CHNL,
    };
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<std::string> value_to_restore(std::string_view frontend, std::string_view path,
                                            std::string_view before,
                                            std::optional<std::string_view> now)
{
    if (path == std::string(frontend) + "/state") {
        // A device is new to the guest's bus in this state only, XenbusStateInitialising.
        if (!now)
            return "1";
        // The bus never again writes to a state that it cannot read.
        if (!is_number(*now))
            return std::string(before);
        return std::nullopt;
    }
    if (now && (is_live(path) || *now == before))
        return std::nullopt;
    return std::string(before);
}

} // namespace sndback

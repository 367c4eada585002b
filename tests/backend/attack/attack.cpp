// SPDX-License-Identifier: GPL-2.0-only
#include "attack/attack.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/core.h>

namespace sndback {

std::vector<const Attack *> all_attacks()
{
    std::vector<const Attack *> all;
    for (const auto table : { ring_attacks(), answer_attacks(), event_attacks(), storm_attacks(),
                              mapping_attacks(), store_attacks() })
        for (const Attack &attack : table)
            all.push_back(&attack);
    return all;
}

std::vector<const Attack *> parse_attacks(std::string_view names)
{
    const std::vector<const Attack *> all = all_attacks();
    std::vector<const Attack *> chosen;
    for (std::size_t at = 0; at <= names.size();) {
        const std::size_t end = std::min(names.find(',', at), names.size());
        const std::string_view name = names.substr(at, end - at);
        const auto found = std::find_if(
            all.begin(), all.end(), [name](const Attack *attack) { return attack->name == name; });
        if (found == all.end())
            throw std::invalid_argument(
                fmt::format("'{}' is no attack; --list-attacks names them", name));
        chosen.push_back(*found);
        at = end + 1;
    }
    return chosen;
}

} // namespace sndback

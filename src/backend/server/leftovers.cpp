// SPDX-License-Identifier: GPL-2.0-only
#include "server/leftovers.hpp"

#include <algorithm>
#include <utility>

namespace sndback {

namespace {

constexpr std::chrono::seconds patience { 1 };

} // namespace

void Leftovers::look(Time now)
{
    std::map<std::string, Time> due;
    for (const std::string &card : nodes_.leftovers()) {
        const auto known = due_.find(card);
        due.emplace(card, known != due_.end() ? known->second : now + patience);
    }
    due_ = std::move(due);
}

void Leftovers::remove(Time now)
{
    for (auto next = due_.begin(); next != due_.end();) {
        const auto leftover = next++;
        if (leftover->second <= now)
            nodes_.remove_leftover(due_.extract(leftover).key());
    }
}

std::optional<Time> Leftovers::deadline() const
{
    const auto first = std::min_element(
        due_.begin(), due_.end(), [](const auto &a, const auto &b) { return a.second < b.second; });
    return first != due_.end() ? std::optional<Time>(first->second) : std::nullopt;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// How the nodes of an attacked card are put back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sndback {

// Whether the two sides publish about their connection in the node @path, which is then theirs.
bool is_live(std::string_view path);

// What to write to the node @path of the card with the directory @frontend, if anything: it was
// @before, and is @now; nothing when it is missing.
std::optional<std::string> value_to_restore(std::string_view frontend, std::string_view path,
                                            std::string_view before,
                                            std::optional<std::string_view> now);

} // namespace sndback

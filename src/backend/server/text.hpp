// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string_view>

namespace sndback {

// Without the `blanks` before and behind it.
[[nodiscard]] constexpr std::string_view trim(std::string_view text, std::string_view blanks)
{
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

} // namespace sndback

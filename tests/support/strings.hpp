// SPDX-License-Identifier: GPL-2.0-only
// Between the module's strings and those of the standard library.
#pragma once

#include <string>
#include <string_view>

#include "base/string_view.hpp"

namespace xen_front::test {

inline std::string to_string(StringView text)
{
    return { text.data(), text.size() };
}

inline StringView to_view(std::string_view text)
{
    return { text.data(), text.size() };
}

} // namespace xen_front::test

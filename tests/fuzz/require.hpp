// SPDX-License-Identifier: GPL-2.0-only
// How a fuzz target says that a promise was broken.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace xen_front::test {

// Ends the process, which libFuzzer takes for a finding, unless @is_true.
inline void require(bool is_true, const char *promise, std::string_view detail = {})
{
    if (is_true)
        return;
    std::fprintf(stderr, "broken promise: %s (%.*s)\n", promise, static_cast<int>(detail.size()),
                 detail.data());
    std::abort();
}

} // namespace xen_front::test

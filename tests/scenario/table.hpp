// SPDX-License-Identifier: GPL-2.0-only
// The scenarios that run over the fake kernel and over the real one.
#pragma once

#include <string>
#include <vector>

namespace xen_front::test {

struct NamedScenario {
    std::string name;
    std::string script;
};

// A line in table.cpp is one of them, or a family.
const std::vector<NamedScenario> &all_scenarios();

} // namespace xen_front::test

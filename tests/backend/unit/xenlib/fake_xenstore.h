// SPDX-License-Identifier: GPL-2.0-only
//
// libxenstore over a map, as far as unit tests need it: fake_xenstore.cpp has the calls.
#pragma once

#include <map>
#include <string>

namespace sndback {

// Nodes by path. One that has others below it has to be there itself, as in XenStore.
extern std::map<std::string, std::string> xenstore_nodes;
// Paths that are watched, with tokens.
extern std::multimap<std::string, std::string> xenstore_watches;

} // namespace sndback

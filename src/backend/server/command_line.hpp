// SPDX-License-Identifier: GPL-2.0-only
//
// The program, from its arguments to its exit status.
#pragma once

#include <functional>

#include "server/sabotage.hpp"

namespace CLI {
class App;
}

namespace sndback {

// Adds options that may set the second argument.
using SabotageOptions = std::function<void(CLI::App &, std::shared_ptr<Sabotage> &)>;

// Returns the exit status. `sabotage`: only in a build that is hostile to frontends.
[[nodiscard]] int run_backend(int argc, char **argv, const SabotageOptions &sabotage = {});

} // namespace sndback

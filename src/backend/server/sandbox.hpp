// SPDX-License-Identifier: GPL-2.0-only
//
// Gives up what a worker does not need. What cannot be given up is said in README.md, "What a
// worker can still do".
#pragma once

#include <string>
#include <vector>

namespace sndback {

struct Confinement {
    std::string user; // to run as
    bool user_may_be_missing; // then as root, without its capabilities
    unsigned realtime_priority; // that threads may still take
    unsigned streams; // that there may be
    std::vector<std::string> directories; // of recordings, and of files to capture
};

// What to say when there is none.
[[nodiscard]] std::string no_such_user(const std::string &user);

// To be called while there is one thread. What the kernel does not offer is left out, and logged.
// Throws std::runtime_error if something that every kernel offers fails.
void enter_sandbox(const Confinement &confinement);

} // namespace sndback

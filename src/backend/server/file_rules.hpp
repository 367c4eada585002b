// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace sndback {

// From now on this process can open only what ALSA and its plugins read, sound devices, and files
// in the directories. Returns why not, if the kernel has no Landlock; otherwise nothing.
[[nodiscard]] std::string restrict_files(const std::vector<std::string> &directories);

} // namespace sndback

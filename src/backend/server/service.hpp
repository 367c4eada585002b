// SPDX-License-Identifier: GPL-2.0-only
//
// What the process needs as a service: a sane start from any shell or service manager, one instance
// only, and notification of systemd.
#pragma once

#include <string>

#include "audio/file.hpp"

namespace sndback {

// Makes up for what a starter has left it: signals that are ignored or kill, descriptors 0 to 2
// that are closed. Before any other thread exists.
void prepare_process();

// Held as long as it is open. Throws std::runtime_error if another instance holds it.
[[nodiscard]] File lock_instance(const std::string &path);

// Tells systemd, if it has started this process (sd_notify(3)); otherwise does nothing.
void notify_service_manager(const std::string &state);

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <string>
#include <vector>

namespace sndback {

// Where a worker finds its end of the socket.
inline constexpr int worker_socket = 3;

// Starts this program again with the given arguments, of which the first is its name, and no
// descriptors but the standard ones and the socket, which must not be `worker_socket` here: that is
// open before there are sockets. Returns the process. Throws std::system_error.
[[nodiscard]] int spawn_worker(const std::vector<std::string> &arguments, int socket);

} // namespace sndback

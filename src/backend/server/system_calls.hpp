// SPDX-License-Identifier: GPL-2.0-only
#pragma once

namespace sndback {

// From now on this process has the system calls only that serving streams takes. Throws
// std::runtime_error.
void restrict_system_calls();

} // namespace sndback

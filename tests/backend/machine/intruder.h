// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "machine/wire.h"

namespace sndback::fake {

// What a worker of that domain does which its guest has taken over.
[[noreturn]] void intrude(Intrusion intrusion, std::uint32_t domain);

} // namespace sndback::fake

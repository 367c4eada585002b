// SPDX-License-Identifier: GPL-2.0-only
// Steps at random. Nothing in a walk depends on how long anything takes: calls do not block, and
// only steps move the backend's position. So the same walk over two kernels has to be the same.
#pragma once

#include <string>

#include "support/choices.hpp"

namespace xen_front::test {

// What a walk begins with, as a script.
inline constexpr const char *walk_start = "clock off; nonblocking on; use c; nonblocking on; use p";

// One step, and what has to follow it.
std::string random_steps(Choices &choices);

} // namespace xen_front::test

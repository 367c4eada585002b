// SPDX-License-Identifier: GPL-2.0-only
// Rules of the kernel, or of the wire, that somebody broke.
#pragma once

#include <functional>
#include <string>

namespace xen_front::fake {

// Takes each broken rule as a sentence. Without one the process is aborted.
using FaultHandler = std::function<void(const std::string &)>;

// Returns the handler before.
FaultHandler set_fault_handler(FaultHandler handler);

// Whoever calls goes on afterwards as if the offending call had not been made.
void report_fault(const std::string &what);

} // namespace xen_front::fake

// SPDX-License-Identifier: GPL-2.0-only
// Rules of the kernel, or of the wire, that driver or test broke.
#pragma once

#include <functional>
#include <string>

namespace xen_front::fake {

// Is told each broken rule, as a sentence. Without a handler the process is aborted.
using FaultHandler = std::function<void(const std::string &)>;

// Returns the handler that was set before.
FaultHandler set_fault_handler(FaultHandler handler);

// The fake that calls it goes on as if the offending call had not been made.
void report_fault(const std::string &what);

} // namespace xen_front::fake

// SPDX-License-Identifier: GPL-2.0-only
#include "fake/fault.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace xen_front::fake {

namespace {

FaultHandler &current_handler()
{
    static FaultHandler handler;
    return handler;
}

} // namespace

FaultHandler set_fault_handler(FaultHandler handler)
{
    return std::exchange(current_handler(), std::move(handler));
}

void report_fault(const std::string &what)
{
    if (current_handler()) {
        current_handler()(what);
        return;
    }
    std::fprintf(stderr, "fake kernel: %s\n", what.c_str());
    std::abort();
}

} // namespace xen_front::fake

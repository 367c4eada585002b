// SPDX-License-Identifier: GPL-2.0-only
// Parameters of the module.
#pragma once

#include "kshim/module.h"

namespace xen_front {

// How long a request may wait for its response. Context: any.
inline unsigned int request_timeout_ms()
{
    return kshim_module_request_timeout_ms();
}

// How long a card stays without a backend; 0: for ever. Context: any.
inline unsigned int reconnect_timeout_ms()
{
    return kshim_module_reconnect_timeout_ms();
}

// The shortest period, in time. Context: any.
inline unsigned int period_min_us()
{
    return kshim_module_period_min_us();
}

// How often a backend is to report its position without period wake-ups; 0: once a period.
// Context: any.
inline unsigned int position_step_us()
{
    return kshim_module_position_step_us();
}

} // namespace xen_front

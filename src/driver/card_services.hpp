// SPDX-License-Identifier: GPL-2.0-only
// What the streams of a card share.
#pragma once

#include "driver/deferred_grants.hpp"
#include "kernel/work.hpp"

namespace xen_front {

struct CardServices {
    // Looks at all streams of the card: see Frontend::maintain().
    Work &maintenance;
    // Wakes callers of drain(): see Card::wake_drains().
    Work &drains;
    // Adds and removes mixer controls: see Card::update_controls().
    Work &controls;
    DeferredGrants &grants;
    // A stream gets no new audio buffer while the backend still maps this many old ones of the
    // card.
    uint32_t buffers_max;
};

} // namespace xen_front

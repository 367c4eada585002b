// SPDX-License-Identifier: GPL-2.0-only
// Reads a card's configuration from XenStore.
#pragma once

#include "kernel/xenbus_device.hpp"
#include "sndif/config.hpp"

namespace xen_front {

// The configuration of @device, checked, provided that its backend speaks our version of the
// protocol. On failure @why says what is wrong, and is empty when memory was. Context: may sleep.
Result<Box<CardConfig>> read_config(XenbusDevice device, Diagnostic &why);

} // namespace xen_front

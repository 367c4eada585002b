// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>

#include "sndif/protocol.hpp"

struct kshim_xenbus_device {
    std::string path; // device/vsnd/0
    std::string backend_path; // /local/domain/0/backend/vsnd/1/0
    uint16_t backend_domain;
    std::string name; // on the bus: vsnd-0
    bool is_bound; // to the driver
};

namespace xen_front::fake {

using XenbusDevice = kshim_xenbus_device;

// Has the bus find the device, or binds the driver to it again. 0 or a negative errno.
int probe(XenbusDevice &device);
// Unbinds the driver.
void remove(XenbusDevice &device);
void publish_backend_state(XenbusDevice &device, wire::XenbusState state);
// The guest is saved, and restored with none of its grants and event channels.
void save_and_restore(XenbusDevice &device, const std::function<void()> &while_saved);
wire::XenbusState frontend_state(const XenbusDevice &device);

} // namespace xen_front::fake

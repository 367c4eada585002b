// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kshim/log.h"
#include "sndif/protocol.hpp"

namespace xen_front::fake {

struct LogLine {
    kshim_log_level level;
    std::string text;
};

} // namespace xen_front::fake

struct kshim_xenbus_device {
    std::string path; // device/vsnd/0
    std::string backend_path; // /local/domain/0/backend/vsnd/1/0
    uint16_t backend_domain;
    std::string name; // on the bus: vsnd-0
    bool is_bound; // to the driver
    std::vector<xen_front::fake::LogLine> log; // as far as log_of() has read it
};

namespace xen_front::fake {

using XenbusDevice = kshim_xenbus_device;

// Has the bus find the device, or binds the driver to it again. 0 or a negative errno.
int probe(XenbusDevice &device);
// Unbinds the driver, unless the bus has done that.
void remove(XenbusDevice &device);
void publish_backend_state(XenbusDevice &device, wire::XenbusState state);
// The guest is saved, and restored with none of its grants and event channels.
void save_and_restore(XenbusDevice &device, const std::function<void()> &while_saved);
// The same, by a toolstack that gives the guest no such device.
void restore_without(XenbusDevice &device, const std::function<void()> &while_saved);
// The bus has seen what the toolstack has made of the device's nodes.
void look_for(XenbusDevice &device);
wire::XenbusState frontend_state(const XenbusDevice &device);
// The kernel's watch fires by itself.
inline void fire_backend_watch(XenbusDevice &)
{
}
// What the driver has logged about the device since the kernel was made.
const std::vector<LogLine> &log_of(XenbusDevice &device);

} // namespace xen_front::fake

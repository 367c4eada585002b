// SPDX-License-Identifier: GPL-2.0-only
// Devices on the Xen bus, and the kernel log.
#pragma once

#include <chrono>
#include <cstdint>
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
    ~kshim_xenbus_device();

    std::string path; // device/vsnd/0
    std::string backend_path; // /local/domain/0/backend/vsnd/1/0
    uint16_t backend_domain;
    void *context;
    bool is_bound; // to the driver
    // What the bus believes the node to say. It takes the device for a new one when it reads
    // Initialising there and believes otherwise.
    xen_front::wire::XenbusState believed_state = xen_front::wire::XenbusState::Initialising;
    bool was_found = true; // by the bus, with its backend, when it was probed or restored

    std::vector<xen_front::wire::XenbusState> states; // published, in this order
    std::vector<xen_front::fake::LogLine> log;
    // From then on the bus may free it.
    bool is_removed = false;
    unsigned int holds = 0; // by kshim_xenbus_hold()
    // For the limit that kshim_log() has.
    std::chrono::nanoseconds log_interval_start { 0 };
    int logged_in_interval = 0;
    // Of the log, the errors that also went to the error node.
    std::vector<std::string> errors;
};

namespace xen_front::fake {

using XenbusDevice = kshim_xenbus_device;

// What the bus does; each is a call into the driver from a process.

// Binds the driver; then it learns the state that the backend has. The status of probe.
int probe(XenbusDevice &device);
// The backend's state node becomes @state, and the driver learns of it if it is bound.
void publish_backend_state(XenbusDevice &device, wire::XenbusState state);
// The watch on the backend's state fires, whether or not it changed.
void fire_backend_watch(XenbusDevice &device);
// The guest shuts down, or starts another kernel.
void shut_down(XenbusDevice &device);
// The guest sleeps, or Xen tries to save it and calls that off, and goes on as it was.
void sleep_and_wake(XenbusDevice &device, const std::function<void()> &while_asleep);
// The guest is saved to a file, and restored with none of its grants and event channels, and with
// the frontend's and the backend's states as the toolstack makes them. @while_saved has to end
// the backend's mappings of its pages.
void save_and_restore(XenbusDevice &device, const std::function<void()> &while_saved);
// The same, by a toolstack that gives the guest no such device.
void restore_without(XenbusDevice &device, const std::function<void()> &while_saved);
// The bus looks at what the toolstack has made of the device's nodes.
void look_for(XenbusDevice &device);
// Unbinds the driver.
void remove(XenbusDevice &device);

wire::XenbusState frontend_state(const XenbusDevice &device);
// What the driver has logged about it.
inline const std::vector<LogLine> &log_of(const XenbusDevice &device)
{
    return device.log;
}

} // namespace xen_front::fake

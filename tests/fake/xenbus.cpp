// SPDX-License-Identifier: GPL-2.0-only
#include "fake/xenbus.hpp"

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/entry.h"
#include "kshim/xenbus.h"

namespace xen_front::fake {

namespace {

// xenbus_read_driver_state(): what is not there, or no number, is Unknown.
wire::XenbusState read_state(const std::string &path)
{
    const auto value = Kernel::current().store.get(path + "/state");
    if (!value || value->find_first_not_of("0123456789") != std::string::npos || value->empty() ||
        value->size() > 9)
        return wire::XenbusState::Unknown;
    return static_cast<wire::XenbusState>(std::stoul(*value));
}

// As the kernel's rate limit: an interval starts with its first line.
bool may_log(XenbusDevice &device)
{
    const Duration now = Kernel::current().timeline.now();
    if (device.logged_in_interval == 0 ||
        now - device.log_interval_start >= std::chrono::seconds(KSHIM_LOG_INTERVAL_S)) {
        device.log_interval_start = now;
        device.logged_in_interval = 0;
    }
    if (device.logged_in_interval == KSHIM_LOG_BURST)
        return false;
    device.logged_in_interval++;
    return true;
}

// Whether it was not one too many.
bool log(XenbusDevice &device, kshim_log_level level, const std::string &text)
{
    if (text.find('\n') != std::string::npos)
        report_fault("a log line contains a newline: " + text);
    if (!may_log(device))
        return false;
    device.log.push_back({ level, text });
    return true;
}

void report_error(XenbusDevice &device, int error, const std::string &text)
{
    const std::string line = std::to_string(error) + " " + text;
    if (!log(device, KSHIM_LOG_ERROR, line))
        return;
    device.errors.push_back(line);
    Kernel::current().store.set("error/" + device.path + "/error", line);
}

// A node that is gone, or has the value already, is left alone.
void write_state(XenbusDevice &device, wire::XenbusState state)
{
    XenStore &store = Kernel::current().store;
    const std::string node = device.path + "/state";
    const std::string value = std::to_string(static_cast<unsigned int>(state));
    const auto present = store.get(node);
    if (!present || *present == value)
        return;
    store.set(node, value);
    device.states.push_back(state);
}

// As the bus does.
void switch_state(XenbusDevice &device, wire::XenbusState state)
{
    if (device.believed_state == state)
        return;
    write_state(device, state);
    device.believed_state = state;
}

void require_bound(const XenbusDevice &device, const char *function)
{
    if (device.is_removed)
        report_fault(std::string(function) + " for " + device.path + " after its removal");
}

void require_memory(const XenbusDevice &device, const char *function)
{
    if (device.holds == 0)
        require_bound(device, function);
}

} // namespace

wire::XenbusState frontend_state(const XenbusDevice &device)
{
    return read_state(device.path);
}

int probe(XenbusDevice &device)
{
    int status = 0;
    device.is_removed = false;
    Kernel::current().context.run_elsewhere([&] {
        void *driver = Kernel::current().driver();
        status = driver == nullptr ? -ENOMEM : xen_front_probe(&device, driver);
        device.is_bound = status == 0;
        if (status != 0)
            report_error(device, status, "xenbus_dev_probe on " + device.path);
        device.is_removed = status != 0;
    });
    // The watch on the backend's state fires when it is set.
    fire_backend_watch(device);
    return status;
}

void fire_backend_watch(XenbusDevice &device)
{
    if (!device.is_bound)
        return;
    Kernel &kernel = Kernel::current();
    kernel.context.run_elsewhere([&] {
        // The lock of the thread that serves the watches of all Xen devices.
        const HeldLock watch(kernel.context, &kernel.xenwatch, LockKind::Mutex, "xenwatch");
        xen_front_backend_changed(&device,
                                  static_cast<unsigned int>(read_state(device.backend_path)));
    });
}

void publish_backend_state(XenbusDevice &device, wire::XenbusState state)
{
    Kernel::current().store.set(device.backend_path + "/state",
                                std::to_string(static_cast<unsigned int>(state)));
    fire_backend_watch(device);
}

namespace {

// All that runs in the guest stands still while @body goes on outside.
void while_frozen(XenbusDevice &device, const std::function<void()> &body)
{
    Kernel &kernel = Kernel::current();
    kernel.works.freeze();
    if (device.is_bound)
        kernel.context.run_elsewhere([&] { xen_front_suspend(&device); });
    body();
    kernel.works.thaw();
}

} // namespace

void shut_down(XenbusDevice &device)
{
    Kernel &kernel = Kernel::current();
    kernel.is_shutting_down = true;
    kernel.context.run_elsewhere([&] { xen_front_shutdown(&device); });
    kernel.is_shutting_down = false;
}

void sleep_and_wake(XenbusDevice &device, const std::function<void()> &while_asleep)
{
    while_frozen(device, while_asleep);
}

namespace {

void void_all_shared()
{
    Kernel::current().memory.void_grants();
    Kernel::current().event_channels.sever_all();
}

} // namespace

void save_and_restore(XenbusDevice &device, const std::function<void()> &while_saved)
{
    while_frozen(device, [&] {
        Kernel &kernel = Kernel::current();
        while_saved();
        void_all_shared();
        kernel.store.set(device.path + "/state", "1");
        kernel.store.set(device.backend_path + "/state", "1");
        // The bus takes the state for this without publishing it.
        device.believed_state = wire::XenbusState::Initialising;
        if (device.is_bound)
            kernel.context.run_elsewhere([&] { xen_front_resume(&device); });
    });
    fire_backend_watch(device);
}

void restore_without(XenbusDevice &device, const std::function<void()> &while_saved)
{
    while_frozen(device, [&] {
        Kernel &kernel = Kernel::current();
        while_saved();
        void_all_shared();
        kernel.store.remove(device.path);
        // xenbus_dev_fatal()
        device.believed_state = wire::XenbusState::Closing;
        device.was_found = false;
        if (device.is_bound)
            kernel.context.run_elsewhere([&] { xen_front_resume(&device); });
    });
}

void look_for(XenbusDevice &device)
{
    if (read_state(device.path) != wire::XenbusState::Initialising ||
        device.believed_state == wire::XenbusState::Initialising)
        return;
    if (device.is_bound)
        remove(device);
    device.believed_state = wire::XenbusState::Initialising;
    device.was_found = true;
    probe(device);
}

void remove(XenbusDevice &device)
{
    Kernel::current().context.run_elsewhere([&] {
        device.is_bound = false;
        xen_front_remove(&device);
        // The node may be another device's.
        if (device.was_found)
            switch_state(device, wire::XenbusState::Closed);
        device.is_removed = true;
    });
}

} // namespace xen_front::fake

using namespace xen_front::fake;

kshim_xenbus_device::~kshim_xenbus_device()
{
    if (holds != 0)
        report_fault(path + " is still held");
}

void kshim_xenbus_hold(kshim_xenbus_device *device)
{
    require_memory(*device, "kshim_xenbus_hold()");
    device->holds++;
}

void kshim_xenbus_release(kshim_xenbus_device *device)
{
    Kernel::current().context.require_may_sleep("kshim_xenbus_release()");
    if (device->holds == 0)
        report_fault("kshim_xenbus_release() without kshim_xenbus_hold()");
    else
        device->holds--;
}

const char *kshim_xenbus_path(const kshim_xenbus_device *device)
{
    require_memory(*device, "kshim_xenbus_path()");
    return device->path.c_str();
}

const char *kshim_xenbus_other_path(const kshim_xenbus_device *device)
{
    require_bound(*device, "kshim_xenbus_other_path()");
    return device->was_found ? device->backend_path.c_str() : "";
}

uint16_t kshim_xenbus_other_domain(const kshim_xenbus_device *device)
{
    require_memory(*device, "kshim_xenbus_other_domain()");
    return device->backend_domain;
}

void kshim_xenbus_set_context(kshim_xenbus_device *device, void *context)
{
    require_bound(*device, "kshim_xenbus_set_context()");
    device->context = context;
}

void *kshim_xenbus_context(const kshim_xenbus_device *device)
{
    require_bound(*device, "kshim_xenbus_context()");
    return device->context;
}

void kshim_xenbus_switch_state(kshim_xenbus_device *device, unsigned int state)
{
    require_bound(*device, "kshim_xenbus_switch_state()");
    Kernel::current().context.require_may_sleep("kshim_xenbus_switch_state()");
    if (state >= xen_front::wire::xenbus_states)
        report_fault("kshim_xenbus_switch_state() to a state that there is not");
    using xen_front::wire::XenbusState;
    const auto next = static_cast<XenbusState>(state);
    if (!device->was_found)
        return;
    if (next != XenbusState::Initialising && device->believed_state != XenbusState::Initialising) {
        switch_state(*device, next);
        return;
    }
    device->believed_state = XenbusState::Initialising;
    write_state(*device, next);
}

void kshim_xenbus_settle_state(kshim_xenbus_device *device)
{
    Kernel &kernel = Kernel::current();
    require_bound(*device, "kshim_xenbus_settle_state()");
    if (!kernel.context.holds(&kernel.xenwatch) && !kernel.is_shutting_down)
        report_fault("kshim_xenbus_settle_state() in another thread than xenwatch");
    if (device->believed_state == xen_front::wire::XenbusState::Initialising)
        device->believed_state = frontend_state(*device);
}

void kshim_xenbus_error(kshim_xenbus_device *device, int error, const char *text)
{
    require_bound(*device, "kshim_xenbus_error()");
    Kernel::current().context.require_may_sleep("kshim_xenbus_error()");
    if (error >= 0)
        report_fault("kshim_xenbus_error() with an error that is no negative errno");
    report_error(*device, error, text);
}

void kshim_log(kshim_xenbus_device *device, kshim_log_level level, const char *text)
{
    require_memory(*device, "kshim_log()");
    log(*device, level, text);
}

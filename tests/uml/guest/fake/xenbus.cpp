// SPDX-License-Identifier: GPL-2.0-only
#include "fake/xenbus.hpp"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

namespace xen_front::fake {

namespace {

const std::string driver_directory = "/sys/bus/xen/drivers/vsnd/";

bool exists(const std::string &path)
{
    std::error_code error;
    return std::filesystem::exists(path, error);
}

// 0 or a negative errno.
int write_attribute(const std::string &path, const std::string &text)
{
    return Kernel::current().world.unlocked([&] {
        const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
        if (file < 0)
            return -errno;
        const int status = ::write(file, text.data(), text.size()) < 0 ? -errno : 0;
        close(file);
        return status;
    });
}

} // namespace

int probe(XenbusDevice &device)
{
    int status = 0;
    // The bus may have been faster.
    if (!exists(driver_directory + device.name)) {
        if (exists("/sys/bus/xen/devices/" + device.name))
            status = write_attribute(driver_directory + "bind", device.name);
        else
            Kernel::current().store.set(device.path + "/state", "1");
    }
    Kernel::current().world.settle();
    device.is_bound = exists(driver_directory + device.name);
    return device.is_bound || status != 0 ? status : -ENODEV;
}

void remove(XenbusDevice &device)
{
    if (exists(driver_directory + device.name) &&
        write_attribute(driver_directory + "unbind", device.name) != 0)
        report_fault("cannot unbind " + device.name);
    Kernel::current().world.settle();
    device.is_bound = false;
}

void publish_backend_state(XenbusDevice &device, wire::XenbusState state)
{
    Kernel::current().store.set(device.backend_path + "/state",
                                std::to_string(static_cast<unsigned int>(state)));
}

void save_and_restore(XenbusDevice &device, const std::function<void()> &while_saved)
{
    Kernel &kernel = Kernel::current();
    while_saved();
    kernel.store.set(device.path + "/state", "1");
    kernel.store.set(device.backend_path + "/state", "1");
    kernel.world.unlocked([&] { kernel.xen.call(FAKE_XEN_RESTORE); });
    kernel.world.settle();
}

void restore_without(XenbusDevice &device, const std::function<void()> &while_saved)
{
    Kernel &kernel = Kernel::current();
    while_saved();
    kernel.store.restore_without(device.path);
    kernel.world.settle();
}

void look_for(XenbusDevice &device)
{
    Kernel::current().world.settle();
    device.is_bound = exists(driver_directory + device.name);
}

// A record of /dev/kmsg is "priority,number,time,flags;text": the level is in the priority's three
// lowest bits.
const std::vector<LogLine> &log_of(XenbusDevice &device)
{
    constexpr unsigned int level_mask = 7;
    constexpr unsigned int error = 3;
    constexpr unsigned int warning = 4;
    for (const std::string &record : Kernel::current().read_log()) {
        const size_t text = record.find(';');
        if (text == std::string::npos || record.find(device.name, text) == std::string::npos)
            continue;
        const auto level = static_cast<unsigned int>(std::stoul(record)) & level_mask;
        device.log.push_back({ level <= error     ? KSHIM_LOG_ERROR
                               : level == warning ? KSHIM_LOG_WARNING
                                                  : KSHIM_LOG_INFO,
                               record.substr(text + 1) });
    }
    return device.log;
}

wire::XenbusState frontend_state(const XenbusDevice &device)
{
    const auto value = Kernel::current().store.get(device.path + "/state");
    if (!value || value->empty() || value->find_first_not_of("0123456789") != std::string::npos)
        return wire::XenbusState::Unknown;
    return static_cast<wire::XenbusState>(std::stoul(*value));
}

} // namespace xen_front::fake

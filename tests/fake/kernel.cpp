// SPDX-License-Identifier: GPL-2.0-only
#include "fake/kernel.hpp"

#include <cstdlib>

#include "fake/fault.hpp"
#include "kshim/module.h"

namespace xen_front::fake {

namespace {

Kernel *&current_kernel()
{
    static Kernel *kernel = nullptr;
    return kernel;
}

} // namespace

Kernel::Kernel()
{
    if (current_kernel() != nullptr)
        report_fault("there is a fake kernel already");
    current_kernel() = this;
}

Kernel::~Kernel()
{
    current_kernel() = nullptr;
}

Kernel &Kernel::current()
{
    if (current_kernel() == nullptr) {
        report_fault("the shim was called without a fake kernel");
        std::abort();
    }
    return *current_kernel();
}

XenbusDevice &Kernel::add_device(unsigned int number, uint16_t backend_domain)
{
    auto device = std::make_unique<XenbusDevice>();
    device->path = "device/vsnd/" + std::to_string(number);
    device->backend_path = "/local/domain/" + std::to_string(backend_domain) + "/backend/vsnd/1/" +
                           std::to_string(number);
    device->backend_domain = backend_domain;
    store.set(device->path + "/state", "1");
    store.set(device->backend_path + "/state", "1");
    devices_.push_back(std::move(device));
    return *devices_.back();
}

std::string Kernel::leaks() const
{
    std::string text = heap.leaks() + locks.leaks() + works.leaks() + memory.leaks() +
                       event_channels.leaks() + store.leaks() + sound.leaks();
    if (!context.held_locks().empty())
        text += "held: " + context.held_locks() + "\n";
    return text;
}

void Kernel::expect_no_leaks() const
{
    const std::string text = leaks();
    if (!text.empty())
        report_fault("leaked:\n" + text);
}

} // namespace xen_front::fake

unsigned int kshim_module_request_timeout_ms(void)
{
    return xen_front::fake::Kernel::current().request_timeout_ms;
}

// SPDX-License-Identifier: GPL-2.0-only
#include "fake/kernel.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "fake/fault.hpp"
#include "kshim/entry.h"
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
    unload_driver();
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

void *Kernel::driver()
{
    if (driver_ == nullptr)
        driver_ = xen_front_load();
    return driver_;
}

void Kernel::unload_driver()
{
    const auto is_bound = [](const auto &device) {
        return device->is_bound;
    };
    const auto is_there = [](const auto &card) {
        return !card->is_freed;
    };
    const auto &cards = sound.all_cards();
    const bool is_used = std::any_of(devices_.begin(), devices_.end(), is_bound) ||
                         std::any_of(cards.begin(), cards.end(), is_there);
    if (driver_ != nullptr && !is_used)
        xen_front_unload(std::exchange(driver_, nullptr));
}

std::string Kernel::leaks()
{
    unload_driver();
    std::string text = heap.leaks() + locks.leaks() + works.leaks() + memory.leaks() +
                       event_channels.leaks() + store.leaks() + sound.leaks();
    if (!context.held_locks().empty())
        text += "held: " + context.held_locks() + "\n";
    return text;
}

void Kernel::expect_no_leaks()
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

unsigned int kshim_module_reconnect_timeout_ms(void)
{
    return xen_front::fake::Kernel::current().reconnect_timeout_ms;
}

unsigned int kshim_module_period_min_us(void)
{
    return xen_front::fake::Kernel::current().period_min_us;
}

unsigned int kshim_module_position_step_us(void)
{
    return xen_front::fake::Kernel::current().position_step_us;
}

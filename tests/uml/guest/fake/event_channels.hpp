// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "fake/device.hpp"

struct kshim_event_channel {
    std::function<void()> peer; // the other end, told about notifications
};

namespace xen_front::fake {

class EventChannels {
  public:
    explicit EventChannels(FakeXen &xen) : xen_(xen)
    {
    }
    // Connects to the guest's @port; nullptr when there is none.
    kshim_event_channel *find(uint16_t domain, uint32_t port);
    // Interrupts the guest.
    void raise(uint16_t domain, uint32_t port);
    // How many it has open, and how often a port interrupted it.
    size_t open_count() const;
    fake_xen_channel describe(uint32_t port) const;
    uint64_t interrupts(uint16_t, uint32_t port) const
    {
        return describe(port).interrupts;
    }

    // ---- the world's thread ----
    void notified(uint32_t port);

  private:
    FakeXen &xen_;
    std::map<uint32_t, kshim_event_channel> channels_; // by port
};

} // namespace xen_front::fake

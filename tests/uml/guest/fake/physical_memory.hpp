// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstddef>
#include <cstdint>

#include "fake/device.hpp"

namespace xen_front::fake {

class PhysicalMemory {
  public:
    explicit PhysicalMemory(FakeXen &xen) : xen_(xen)
    {
    }
    // nullptr when nothing was granted.
    void *map_grant(uint16_t domain, uint32_t reference);
    void unmap_grant(void *address);
    size_t grant_count() const;
    // Pages that another domain still maps although their grants were ended.
    size_t lingering_count() const;

  private:
    fake_xen_counts counts() const;

    FakeXen &xen_;
};

} // namespace xen_front::fake

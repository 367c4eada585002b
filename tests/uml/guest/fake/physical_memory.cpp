// SPDX-License-Identifier: GPL-2.0-only
#include "fake/physical_memory.hpp"

#include <sys/mman.h>

#include "sndif/protocol.hpp"

namespace xen_front::fake {

void *PhysicalMemory::map_grant(uint16_t, uint32_t reference)
{
    void *page = mmap(nullptr, wire::page_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                      xen_.descriptor(), static_cast<off_t>(reference) * wire::page_size);
    return page == MAP_FAILED ? nullptr : page;
}

void PhysicalMemory::unmap_grant(void *address)
{
    munmap(address, wire::page_size);
}

fake_xen_counts PhysicalMemory::counts() const
{
    fake_xen_counts counts = {};
    xen_.call(FAKE_XEN_COUNTS, counts);
    return counts;
}

size_t PhysicalMemory::grant_count() const
{
    return counts().grants;
}

size_t PhysicalMemory::lingering_count() const
{
    return counts().ended_grants;
}

} // namespace xen_front::fake

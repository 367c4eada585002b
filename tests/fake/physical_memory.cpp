// SPDX-License-Identifier: GPL-2.0-only
#include "fake/physical_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

namespace xen_front::fake {

namespace {

constexpr size_t page_size = KSHIM_PAGE_SIZE;
constexpr size_t frame_limit = size_t { 1 } << 18; // a gigabyte, of which only what is used exists

// The host is out of memory or of mappings: no test can go on.
[[noreturn]] void give_up(const char *what)
{
    std::perror(what);
    std::abort();
}

void *reserve(size_t size)
{
    void *address = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address == MAP_FAILED)
        give_up("mmap");
    return address;
}

std::string name_of(uint32_t reference)
{
    return "grant " + std::to_string(reference);
}

} // namespace

PhysicalMemory::PhysicalMemory() : file_(memfd_create("fake-memory", MFD_CLOEXEC))
{
    if (file_ < 0 || ftruncate(file_, static_cast<off_t>(frame_limit * page_size)) != 0)
        give_up("memfd_create");
}

PhysicalMemory::~PhysicalMemory()
{
    for (const auto &page : pages_)
        munmap(page->address, page_size);
    for (const auto &[address, mapping] : mappings_)
        munmap(address, mapping.size);
    for (const auto &[address, mapping] : foreign_mappings_)
        munmap(address, page_size);
    close(file_);
}

void *PhysicalMemory::map_frame(size_t frame, void *at)
{
    void *address =
        mmap(at, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | (at != nullptr ? MAP_FIXED : 0),
             file_, static_cast<off_t>(frame * page_size));
    if (address == MAP_FAILED)
        give_up("mmap");
    return address;
}

// A page object lives as long as the fake kernel, so that a stale pointer to it is recognised.
bool PhysicalMemory::is_usable(const kshim_page *page, const char *what)
{
    if (page != nullptr && page->is_allocated)
        return true;
    report_fault(std::string(what) + " of a page that is not allocated");
    return false;
}

kshim_page *PhysicalMemory::allocate()
{
    const size_t frame = pages_.size();
    if (frame == frame_limit)
        return nullptr;
    pages_.push_back(std::make_unique<kshim_page>(
        kshim_page { frame, true, 0, 0, map_frame(frame, nullptr), 0 }));
    return pages_.back().get();
}

void PhysicalMemory::finish_free(kshim_page *page)
{
    page->is_allocated = false;
    // The address is not reused: an access to it crashes.
    mprotect(page->address, page_size, PROT_NONE);
}

void PhysicalMemory::free(kshim_page *page)
{
    if (!is_usable(page, "kshim_page_free()"))
        return;
    if (page->grants != 0) {
        report_fault("kshim_page_free() of a page that is granted");
        return;
    }
    if (page->mappings != 0) {
        report_fault("kshim_page_free() of a page that kshim_pages_map() still maps");
        return;
    }
    finish_free(page);
}

void *PhysicalMemory::map(kshim_page **pages, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        if (!is_usable(pages[i], "kshim_pages_map()"))
            return nullptr;
    }
    // As after a vmap() area, nothing is mapped behind the last page.
    Mapping mapping = { { pages, pages + count }, (count + size_t { 1 }) * page_size };
    auto *address = static_cast<char *>(reserve(mapping.size));
    for (unsigned int i = 0; i < count; i++) {
        map_frame(pages[i]->frame, address + i * page_size);
        pages[i]->mappings++;
    }
    mappings_[address] = std::move(mapping);
    return address;
}

void PhysicalMemory::unmap(void *address)
{
    const auto found = mappings_.find(address);
    if (found == mappings_.end()) {
        report_fault("kshim_pages_unmap() of an address that is not mapped");
        return;
    }
    for (kshim_page *page : found->second.pages)
        page->mappings--;
    munmap(address, found->second.size);
    mappings_.erase(found);
}

uint32_t PhysicalMemory::grant(uint16_t domain, kshim_page *page)
{
    if (!is_usable(page, "kshim_grant()"))
        return 0;
    while (grants_.contains(next_reference_))
        next_reference_++;
    page->grants++;
    grants_[next_reference_] = { domain, page, 0, false };
    return next_reference_++;
}

std::optional<uint32_t> PhysicalMemory::renew_grant(uint16_t domain, kshim_page *page,
                                                    uint32_t reference)
{
    const auto found = grants_.find(reference);
    if (found == grants_.end() || found->second.is_ended || found->second.page != page) {
        report_fault(name_of(reference) + " was renewed that is not there, or is of another page");
        return reference;
    }
    if (found->second.foreign_mappings != 0)
        return std::nullopt;
    page->grants--;
    grants_.erase(found);
    return grant(domain, page);
}

void PhysicalMemory::void_grants()
{
    if (!foreign_mappings_.empty())
        report_fault("the guest is restored, and another domain still maps its pages");
    for (auto &[reference, grant] : grants_)
        grant.is_void = true;
}

bool PhysicalMemory::end_grant(uint32_t reference, kshim_page *page, bool is_waiting)
{
    const auto found = grants_.find(reference);
    if (found == grants_.end() || found->second.is_ended) {
        report_fault(name_of(reference) + " was ended that is not there: ended twice, or never");
        return true;
    }
    Grant &grant = found->second;
    if (grant.page != page) {
        report_fault(name_of(reference) + " was ended with a page that is not its own");
        return true;
    }
    if (grant.foreign_mappings != 0 && !is_waiting)
        return false;
    if (page->mappings != 0)
        report_fault("the page of " + name_of(reference) +
                     " was freed while kshim_pages_map() still maps it");
    if (page->grants != 1)
        report_fault("the page of " + name_of(reference) + " was freed with another grant of it");

    finish_free(page);
    if (grant.foreign_mappings != 0) {
        grant.is_ended = true;
        return true;
    }
    page->grants--;
    grants_.erase(found);
    return true;
}

void *PhysicalMemory::map_grant(uint16_t domain, uint32_t reference)
{
    const auto found = grants_.find(reference);
    if (found == grants_.end() || found->second.is_ended || found->second.is_void ||
        found->second.domain != domain)
        return nullptr;
    found->second.foreign_mappings++;
    void *address = map_frame(found->second.page->frame, nullptr);
    foreign_mappings_[address] = { reference };
    return address;
}

void PhysicalMemory::unmap_grant(void *address)
{
    const auto mapping = foreign_mappings_.find(address);
    if (mapping == foreign_mappings_.end()) {
        report_fault("the backend unmapped an address that it did not map");
        return;
    }
    const auto found = grants_.find(mapping->second.reference);
    munmap(address, page_size);
    foreign_mappings_.erase(mapping);
    if (--found->second.foreign_mappings == 0 && found->second.is_ended) {
        found->second.page->grants--;
        grants_.erase(found);
    }
}

size_t PhysicalMemory::lingering_count() const
{
    return static_cast<size_t>(std::count_if(
        grants_.begin(), grants_.end(), [](const auto &entry) { return entry.second.is_ended; }));
}

size_t PhysicalMemory::touched_count() const
{
    return static_cast<size_t>(std::count_if(pages_.begin(), pages_.end(),
                                             [](const auto &page) { return page->touches != 0; }));
}

void PhysicalMemory::transfer_touched()
{
    for (const auto &page : pages_)
        page->touches = 0;
}

size_t PhysicalMemory::grant_count() const
{
    return grants_.size() - lingering_count();
}

std::string PhysicalMemory::leaks() const
{
    std::string text;
    for (const auto &page : pages_) {
        if (page->is_allocated)
            text += "page " + std::to_string(page->frame) + "\n";
    }
    for (const auto &[reference, grant] : grants_) {
        if (!grant.is_ended)
            text += name_of(reference) + "\n";
    }
    for (const auto &[address, mapping] : mappings_)
        text += "mapping of " + std::to_string(mapping.pages.size()) + " pages\n";
    return text;
}

} // namespace xen_front::fake

using namespace xen_front::fake;

kshim_page *kshim_page_alloc(void)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_page_alloc()");
    if (kernel.injector.is_failing("kshim_page_alloc", -ENOMEM))
        return nullptr;
    return kernel.memory.allocate();
}

void kshim_page_free(kshim_page *page)
{
    Kernel::current().memory.free(page);
}

void *kshim_page_address(kshim_page *page)
{
    return page->address;
}

void kshim_page_touch(kshim_page *page)
{
    page->touches++;
}

void *kshim_pages_map(kshim_page **pages, unsigned int count)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_pages_map()");
    if (kernel.injector.is_failing("kshim_pages_map", -ENOMEM))
        return nullptr;
    return kernel.memory.map(pages, count);
}

void kshim_pages_unmap(void *address)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_pages_unmap()");
    kernel.memory.unmap(address);
}

unsigned int kshim_grants_max()
{
    return Kernel::current().memory.grants_max;
}

int kshim_grant(uint16_t domain, kshim_page *page, uint32_t *reference)
{
    Kernel &kernel = Kernel::current();
    if (kernel.injector.is_failing("kshim_grant", -ENOSPC))
        return -ENOSPC;
    *reference = kernel.memory.grant(domain, page);
    return 0;
}

int kshim_grant_renew(uint16_t domain, kshim_page *page, uint32_t *reference)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_grant_renew()");
    if (kernel.injector.is_failing("kshim_grant_renew", -ENOSPC))
        return -ENOSPC;
    const auto renewed = kernel.memory.renew_grant(domain, page, *reference);
    if (!renewed)
        return -EBUSY;
    *reference = *renewed;
    return 0;
}

bool kshim_grant_try_end(uint32_t reference, kshim_page *page)
{
    return Kernel::current().memory.end_grant(reference, page, false);
}

void kshim_grant_end(uint32_t reference, kshim_page *page)
{
    Kernel::current().memory.end_grant(reference, page, true);
}

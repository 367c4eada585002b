// SPDX-License-Identifier: GPL-2.0-only
// Pages and grants. A page is a page of a memory file, so that it can have several addresses: the
// kernel's, one in a mapping of several pages, and those at which other domains map it. An address
// at which it may not be accessed any more is unmapped: an access crashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kshim/page.h"

struct kshim_page {
    size_t frame; // its number in the memory file
    bool is_allocated; // by the kernel, which did not give it back
    unsigned int grants; // that are not ended
    unsigned int mappings; // by kshim_pages_map()
    void *address;
    unsigned int touches; // by kshim_page_touch()
};

namespace xen_front::fake {

class PhysicalMemory {
  public:
    PhysicalMemory();
    ~PhysicalMemory();
    PhysicalMemory(const PhysicalMemory &) = delete;
    PhysicalMemory &operator=(const PhysicalMemory &) = delete;

    // ---- the kernel ----

    kshim_page *allocate();
    void free(kshim_page *page);
    void *map(kshim_page **pages, unsigned int count);
    void unmap(void *address);
    uint32_t grant(uint16_t domain, kshim_page *page);
    // Ends the grant @reference and grants its page anew; nothing while @domain maps the page.
    std::optional<uint32_t> renew_grant(uint16_t domain, kshim_page *page, uint32_t reference);
    // The guest was restored: no domain maps its pages by the grants from before.
    void void_grants();
    // Ends the grant and frees the page; with @is_waiting later, if the other domain still maps it.
    // Without, it returns false then, and does nothing.
    bool end_grant(uint32_t reference, kshim_page *page, bool is_waiting);

    // ---- another domain ----

    // Maps what was granted to @domain as @reference; nullptr when nothing is.
    void *map_grant(uint16_t domain, uint32_t reference);
    void unmap_grant(void *address);

    // ---- tests ----

    // What the guest's table has room for. It is never full: see Injector.
    unsigned int grants_max = 32768;
    // The number the next grant gets: to have large ones, or the same again.
    void set_next_reference(uint32_t reference)
    {
        next_reference_ = reference;
    }
    size_t grant_count() const;
    // Pages that other domains still map although their grants were ended.
    size_t lingering_count() const;
    // Pages that the kernel has touched, and that a live migration has not transferred since.
    size_t touched_count() const;
    void transfer_touched();
    // One line for each page, grant or mapping that the kernel did not give back.
    std::string leaks() const;

  private:
    struct Grant {
        uint16_t domain;
        kshim_page *page;
        unsigned int foreign_mappings;
        bool is_ended; // waits for the foreign mappings to go
        bool is_void = false; // of the time before the guest was restored
    };
    struct Mapping {
        std::vector<kshim_page *> pages;
        size_t size;
    };
    struct ForeignMapping {
        uint32_t reference;
    };

    static bool is_usable(const kshim_page *page, const char *what);
    void finish_free(kshim_page *page);
    void *map_frame(size_t frame, void *at);

    int file_;
    std::vector<std::unique_ptr<kshim_page>> pages_; // all that there ever were, by frame
    std::map<uint32_t, Grant> grants_;
    uint32_t next_reference_ = 8; // Xen keeps the first eight for itself
    std::map<void *, Mapping> mappings_;
    std::map<void *, ForeignMapping> foreign_mappings_;
};

} // namespace xen_front::fake

// SPDX-License-Identifier: GPL-2.0-only
// Pages another domain may read and write.
#pragma once

#include "base/strong.hpp"
#include "kernel/memory.hpp"
#include "kshim/page.h"

namespace xen_front {

// One zeroed page, granted. Destroying it ends the grant; if the other domain still maps the page
// then, the page stays out of use until it lets go.
class GrantedPage {
  public:
    GrantedPage() = default;
    GrantedPage(GrantedPage &&other)
        : page_(exchange(other.page_, nullptr)), reference_(other.reference_)
    {
    }
    GrantedPage &operator=(GrantedPage &&other)
    {
        if (this != &other) {
            release();
            page_ = exchange(other.page_, nullptr);
            reference_ = other.reference_;
        }
        return *this;
    }
    ~GrantedPage()
    {
        release();
    }

    // NoMemory, or NoSpace when the grant table is full. Context: may sleep.
    static Result<GrantedPage> create(DomainId domain);
    // How many the guest can have, those of other devices among them. Context: any.
    static uint32_t count_max()
    {
        return kshim_grants_max();
    }

    GrantRef reference() const
    {
        return reference_;
    }
    // The page as a T that fills it.
    template <typename T> T *as() const
    {
        static_assert(sizeof(T) == KSHIM_PAGE_SIZE);
        return static_cast<T *>(kshim_page_address(page_));
    }
    kshim_page *page() const
    {
        return page_;
    }
    // Grants the page again, to @domain, when the guest was restored and the old grant is void: on
    // failure it stays as it is: Busy when it is mapped and hence not void, NoSpace when the grant
    // table is full. Context: may sleep.
    Result<void> renew(DomainId domain);
    // Has a live migration transfer what the other domain has written. Context: any.
    void touch() const
    {
        kshim_page_touch(page_);
    }
    // Frees the page if the other domain no longer maps it; false when it does.
    bool try_end();

  private:
    void release();

    kshim_page *page_ = nullptr;
    GrantRef reference_;
};

// Pages at consecutive kernel addresses. Not an owner of the pages.
class PageMapping {
  public:
    PageMapping() = default;
    PageMapping(PageMapping &&other) : address_(exchange(other.address_, nullptr))
    {
    }
    PageMapping &operator=(PageMapping &&other)
    {
        if (this != &other) {
            release();
            address_ = exchange(other.address_, nullptr);
        }
        return *this;
    }
    ~PageMapping()
    {
        release();
    }

    // NoMemory. Context: may sleep, as for destroying.
    static Result<PageMapping> create(Span<GrantedPage> pages);
    void *address() const
    {
        return address_;
    }

  private:
    void release();

    void *address_ = nullptr;
};

} // namespace xen_front

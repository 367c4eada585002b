// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/granted_page.hpp"

namespace xen_front {

void GrantedPage::release()
{
    if (page_ != nullptr)
        kshim_grant_end(reference_.value(), exchange(page_, nullptr));
}

Result<GrantedPage> GrantedPage::create(DomainId domain)
{
    kshim_page *page = kshim_page_alloc();
    if (page == nullptr)
        return Error::NoMemory;

    uint32_t reference = 0;
    const int status = kshim_grant(domain.value(), page, &reference);
    if (status < 0) {
        kshim_page_free(page);
        return from_errno(status);
    }
    GrantedPage granted;
    granted.page_ = page;
    granted.reference_ = GrantRef(reference);
    return move(granted);
}

Result<void> GrantedPage::renew(DomainId domain)
{
    uint32_t reference = reference_.value();
    TRY(Result<void>::from_status(kshim_grant_renew(domain.value(), page_, &reference)));
    reference_ = GrantRef(reference);
    return {};
}

bool GrantedPage::try_end()
{
    if (page_ == nullptr)
        return true;
    if (!kshim_grant_try_end(reference_.value(), page_))
        return false;
    page_ = nullptr;
    return true;
}

Result<PageMapping> PageMapping::create(Span<GrantedPage> pages)
{
    auto list = TRY(Array<kshim_page *>::create(pages.size()));
    for (size_t i = 0; i < list.size(); i++)
        list[i] = pages[i].page();
    PageMapping mapping;
    mapping.address_ = kshim_pages_map(list.begin(), static_cast<unsigned int>(list.size()));
    if (mapping.address_ == nullptr)
        return Error::NoMemory;
    return move(mapping);
}

void PageMapping::release()
{
    if (address_ != nullptr)
        kshim_pages_unmap(exchange(address_, nullptr));
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "driver/shared_buffer.hpp"

#include "sndif/page_directory.hpp"

namespace xen_front {

namespace {

Result<Array<GrantedPage>> grant_pages(DomainId domain, uint32_t count)
{
    auto pages = TRY(Array<GrantedPage>::create(count));
    for (GrantedPage &page : pages)
        page = TRY(GrantedPage::create(domain));
    return move(pages);
}

} // namespace

Result<Box<SharedBuffer>> SharedBuffer::create(DomainId domain, uint32_t bytes, uint32_t channels)
{
    auto buffer = TRY(Box<SharedBuffer>::create());
    const uint32_t page_count = buffer_page_count(bytes_with_values(bytes, channels));
    const uint32_t directory_count = directory_page_count(page_count);
    buffer->bytes_ = bytes;
    buffer->pages_ = TRY(grant_pages(domain, page_count));
    buffer->directory_ = TRY(grant_pages(domain, directory_count));
    buffer->page_references_ = TRY(Array<GrantRef>::create(page_count));
    buffer->directory_references_ = TRY(Array<GrantRef>::create(directory_count));
    buffer->mapping_ = TRY(PageMapping::create(buffer->pages_.span()));
    buffer->read_references();
    buffer->show_values();
    return move(buffer);
}

Result<void> SharedBuffer::renew(DomainId domain)
{
    for (GrantedPage &page : pages_)
        TRY(page.renew(domain));
    for (GrantedPage &page : directory_)
        TRY(page.renew(domain));
    read_references();
    show_values();
    return {};
}

Span<uint32_t> SharedBuffer::values(wire::Operation operation, uint32_t channels) const
{
    const wire::TransferRequest row = value_row(operation, bytes_, channels);
    return { reinterpret_cast<uint32_t *>(static_cast<char *>(address()) + row.offset), channels };
}

void SharedBuffer::show_values()
{
    has_values_ = true;
    write_directory(static_cast<uint32_t>(pages_.size()));
}

void SharedBuffer::hide_values()
{
    has_values_ = false;
    write_directory(buffer_page_count(bytes_));
}

void SharedBuffer::read_references()
{
    for (size_t i = 0; i < pages_.size(); i++)
        page_references_[i] = pages_[i].reference();
    for (size_t i = 0; i < directory_.size(); i++)
        directory_references_[i] = directory_[i].reference();
}

void SharedBuffer::write_directory(uint32_t page_count)
{
    const Span<const GrantRef> pages(page_references_.begin(), page_count);
    const Span<const GrantRef> list(directory_references_.begin(),
                                    directory_page_count(page_count));
    for (uint32_t i = 0; i < list.size(); i++)
        fill_directory_page(*directory_[i].as<wire::DirectoryPage>(), i, list, pages);
}

void SharedBuffer::touch()
{
    for (const GrantedPage &page : pages_)
        page.touch();
}

bool SharedBuffer::try_end()
{
    if (kept_for_ != nullptr)
        return false;
    mapping_ = PageMapping();
    bool are_all_ended = true;
    for (GrantedPage &page : pages_)
        are_all_ended &= page.try_end();
    for (GrantedPage &page : directory_)
        are_all_ended &= page.try_end();
    return are_all_ended;
}

} // namespace xen_front

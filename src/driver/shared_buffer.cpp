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

Result<Array<GrantRef>> references(const Array<GrantedPage> &pages, uint32_t count)
{
    auto list = TRY(Array<GrantRef>::create(count));
    for (size_t i = 0; i < list.size(); i++)
        list[i] = pages[i].reference();
    return move(list);
}

} // namespace

Result<Box<SharedBuffer>> SharedBuffer::create(DomainId domain, uint32_t bytes, uint32_t channels)
{
    auto buffer = TRY(Box<SharedBuffer>::create());
    const uint32_t page_count = buffer_page_count(bytes_with_values(bytes, channels));
    buffer->bytes_ = bytes;
    buffer->pages_ = TRY(grant_pages(domain, page_count));
    buffer->directory_ = TRY(grant_pages(domain, directory_page_count(page_count)));
    TRY(buffer->write_directory(page_count));
    buffer->mapping_ = TRY(PageMapping::create(buffer->pages_.span()));
    return move(buffer);
}

Result<void> SharedBuffer::renew(DomainId domain)
{
    for (GrantedPage &page : pages_)
        TRY(page.renew(domain));
    for (GrantedPage &page : directory_)
        TRY(page.renew(domain));
    return show_values();
}

Span<uint32_t> SharedBuffer::values(wire::Operation operation, uint32_t channels) const
{
    const wire::TransferRequest row = value_row(operation, bytes_, channels);
    return { reinterpret_cast<uint32_t *>(static_cast<char *>(address()) + row.offset), channels };
}

Result<void> SharedBuffer::show_values()
{
    has_values_ = true;
    return write_directory(static_cast<uint32_t>(pages_.size()));
}

Result<void> SharedBuffer::hide_values()
{
    has_values_ = false;
    return write_directory(buffer_page_count(bytes_));
}

Result<void> SharedBuffer::write_directory(uint32_t page_count)
{
    auto pages = TRY(references(pages_, page_count));
    auto directory = TRY(references(directory_, directory_page_count(page_count)));
    for (size_t i = 0; i < directory.size(); i++) {
        fill_directory_page(*directory_[i].as<wire::DirectoryPage>(), static_cast<uint32_t>(i),
                            { directory.begin(), directory.size() },
                            { pages.begin(), pages.size() });
    }
    return {};
}

bool SharedBuffer::try_end()
{
    mapping_ = PageMapping();
    bool are_all_ended = true;
    for (GrantedPage &page : pages_)
        are_all_ended &= page.try_end();
    for (GrantedPage &page : directory_)
        are_all_ended &= page.try_end();
    return are_all_ended;
}

} // namespace xen_front

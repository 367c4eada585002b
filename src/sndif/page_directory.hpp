// SPDX-License-Identifier: GPL-2.0-only
// The list of pages that tells the backend which pages make up a shared buffer: sndif.h,
// "Shared page for XENSND_OP_OPEN buffer descriptor".
#pragma once

#include "base/span.hpp"
#include "base/strong.hpp"
#include "sndif/protocol.hpp"

namespace xen_front {

// Pages that hold @bytes bytes.
constexpr uint32_t buffer_page_count(uint32_t bytes)
{
    return bytes / wire::page_size + (bytes % wire::page_size != 0);
}

// Directory pages for @buffer_pages pages of buffer; at least one.
constexpr uint32_t directory_page_count(uint32_t buffer_pages)
{
    return buffer_pages == 0 ? 1 : (buffer_pages - 1) / wire::directory_entries + 1;
}

// Writes directory page @index of a list whose pages are granted as @directory and whose buffer is
// granted as @buffer. @page is zeroed and @index below directory_page_count(buffer.size()), which
// is directory.size().
void fill_directory_page(wire::DirectoryPage &page, uint32_t index, Span<const GrantRef> directory,
                         Span<const GrantRef> buffer);

} // namespace xen_front

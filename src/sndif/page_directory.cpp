// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/page_directory.hpp"

namespace xen_front {

void fill_directory_page(wire::DirectoryPage &page, uint32_t index, Span<const GrantRef> directory,
                         Span<const GrantRef> buffer)
{
    const bool is_last = index + 1 == directory.size();
    page.gref_dir_next_page = is_last ? 0 : directory[index + 1].value();

    const size_t first = size_t { index } * wire::directory_entries;
    const size_t count = min(buffer.size() - first, size_t { wire::directory_entries });
    for (size_t i = 0; i < count; i++)
        page.gref[i] = buffer[first + i].value();
}

} // namespace xen_front

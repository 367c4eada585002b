// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/page_directory.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace sndback {

namespace {

// One entry of a page is the link to the next page.
constexpr std::size_t grants_per_page = page_size / sizeof(grant_ref_t) - 1;

// A copy, because the frontend may change the page while it is looked at.
std::vector<grant_ref_t> copy_page(grant_ref_t reference, const ReadDirectoryPage &read_page)
{
    std::vector<grant_ref_t> copy;
    read_page(reference, [&copy](DirectoryPage page) { copy.assign(page.begin(), page.end()); });
    return copy;
}

} // namespace

std::vector<grant_ref_t> walk_page_directory(grant_ref_t first, std::uint32_t buffer_bytes,
                                             const ReadDirectoryPage &read_page)
{
    const std::size_t wanted = (std::size_t { buffer_bytes } + page_size - 1) / page_size;
    std::vector<grant_ref_t> grants;
    grants.reserve(wanted);
    std::vector<grant_ref_t> visited;

    for (grant_ref_t next = first; grants.size() < wanted;) {
        if (next == 0)
            throw BadDirectory(fmt::format(
                "page directory ends after {} of {} grants: gref_dir_next_page is 0 too early",
                grants.size(), wanted));
        if (std::find(visited.begin(), visited.end(), next) != visited.end())
            throw BadDirectory(fmt::format("page directory loops: grant {} is linked twice", next));
        visited.push_back(next);

        const std::vector<grant_ref_t> page = copy_page(next, read_page);
        const std::size_t count = std::min(grants_per_page, wanted - grants.size());
        for (std::size_t index = 1; index <= count; ++index) {
            if (page[index] == 0)
                throw BadDirectory(fmt::format(
                    "page directory: entry {} is grant reference 0, which is never valid",
                    grants.size()));
            grants.push_back(page[index]);
        }
        next = page[0];
        if (grants.size() == wanted && next != 0)
            throw BadDirectory(
                fmt::format("page directory: the last page links to grant {}, must be 0", next));
    }
    // Each time costs this domain a mapping more; no frontend gains from it.
    std::vector<grant_ref_t> sorted = grants;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
        throw BadDirectory(fmt::format("page directory: grant {} is listed twice", *twice));
    return grants;
}

} // namespace sndback

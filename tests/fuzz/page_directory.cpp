// SPDX-License-Identifier: GPL-2.0-only
// Page directories of any size and with any references: a backend that follows the list finds the
// buffer's pages in their order, and nothing else.
#include "sndif/page_directory.hpp"

#include <map>
#include <memory>
#include <vector>

#include "fuzz/require.hpp"
#include "support/choices.hpp"

namespace xen_front::test {
namespace {

// The reference of the last page is chosen; those before it are some steps apart. None is 0, which
// ends the list, and directory pages are not buffer pages.
std::vector<GrantRef> choose_references(Choices &choices, uint32_t count)
{
    std::vector<GrantRef> references;
    uint32_t reference = choices.pick(1u << 31);
    const uint32_t step = 1 + choices.pick(1 << 12);
    for (uint32_t i = 0; i < count; i++) {
        reference += step;
        references.emplace_back(reference == 0 ? step : reference);
    }
    return references;
}

void fuzz(Choices &choices)
{
    const uint32_t bytes = choices.pick(64u << 20);
    const uint32_t page_count = buffer_page_count(bytes);
    require(uint64_t { page_count } * wire::page_size >= bytes, "the buffer fits its pages");
    const uint32_t directory_count = directory_page_count(page_count);
    const auto buffer = choose_references(choices, page_count);
    const auto directory = choose_references(choices, directory_count);

    std::map<uint32_t, std::unique_ptr<wire::DirectoryPage>> pages; // by reference
    for (uint32_t i = 0; i < directory_count; i++) {
        auto page = std::make_unique<wire::DirectoryPage>();
        fill_directory_page(*page, i, { directory.data(), directory.size() },
                            { buffer.data(), buffer.size() });
        pages[directory[i].value()] = std::move(page);
    }
    if (pages.size() != directory_count)
        return; // The same reference twice: no kernel grants that.

    uint32_t next = directory.front().value();
    uint32_t found = 0;
    for (uint32_t i = 0; i < directory_count; i++) {
        const auto page = pages.find(next);
        require(page != pages.end(), "the list leads from page to page");
        for (const uint32_t reference : page->second->gref) {
            require(reference == (found < page_count ? buffer[found].value() : 0),
                    "the entries are the buffer's pages and, behind them, zeros");
            found += found < page_count;
        }
        next = page->second->gref_dir_next_page;
    }
    require(next == 0 && found == page_count, "the list ends with the buffer");
}

} // namespace
} // namespace xen_front::test

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    xen_front::test::ByteChoices choices({ data, size });
    xen_front::test::fuzz(choices);
    return 0;
}

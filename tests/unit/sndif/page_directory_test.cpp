// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/page_directory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace xen_front::test {

namespace {

constexpr uint32_t page = wire::page_size;
constexpr uint32_t entries = wire::directory_entries;

static_assert(entries == 1023);
static_assert(buffer_page_count(1) == 1);
static_assert(buffer_page_count(page) == 1);
static_assert(buffer_page_count(page + 1) == 2);
static_assert(buffer_page_count(0xffffffffu) == 0x100000);
static_assert(directory_page_count(0) == 1);
static_assert(directory_page_count(1) == 1);
static_assert(directory_page_count(entries) == 1);
static_assert(directory_page_count(entries + 1) == 2);
static_assert(directory_page_count(2 * entries) == 2);
static_assert(directory_page_count(2 * entries + 1) == 3);

std::vector<GrantRef> references(uint32_t first, uint32_t count)
{
    std::vector<GrantRef> list;
    for (uint32_t i = 0; i < count; i++)
        list.push_back(GrantRef(first + i));
    return list;
}

// What a backend finds that follows the list from its first page.
std::vector<uint32_t> follow(const std::vector<std::unique_ptr<wire::DirectoryPage>> &pages,
                             uint32_t first_directory, size_t count)
{
    std::vector<uint32_t> found;
    for (uint32_t reference = first_directory; reference != 0;) {
        const wire::DirectoryPage &directory = *pages.at(reference - first_directory);
        for (uint32_t i = 0; i < entries && found.size() < count; i++)
            found.push_back(directory.gref[i]);
        reference = directory.gref_dir_next_page;
    }
    return found;
}

class PageDirectoryTest : public ::testing::TestWithParam<uint32_t> {};

TEST_P(PageDirectoryTest, NamesEveryPageOnceInOrder)
{
    constexpr uint32_t first_directory = 500000;
    constexpr uint32_t first_buffer = 100;
    const uint32_t count = GetParam();
    auto directory = references(first_directory, directory_page_count(count));
    auto buffer = references(first_buffer, count);
    std::vector<std::unique_ptr<wire::DirectoryPage>> pages;
    for (uint32_t i = 0; i < directory.size(); i++) {
        pages.push_back(std::make_unique<wire::DirectoryPage>());
        fill_directory_page(*pages.back(), i, { directory.data(), directory.size() },
                            { buffer.data(), buffer.size() });
    }

    const auto found = follow(pages, first_directory, count);
    ASSERT_EQ(found.size(), count);
    for (uint32_t i = 0; i < count; i++)
        ASSERT_EQ(found[i], first_buffer + i);
    EXPECT_EQ(pages.back()->gref_dir_next_page, 0u);
    // Nothing stands behind the last page of the buffer.
    for (uint32_t i = (count - 1) % entries + 1; i < entries; i++)
        ASSERT_EQ(pages.back()->gref[i], 0u);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PageDirectoryTest,
                         ::testing::Values(1u, 2u, entries - 1, entries, entries + 1, 2 * entries,
                                           2 * entries + 1, 16384u));

} // namespace

} // namespace xen_front::test

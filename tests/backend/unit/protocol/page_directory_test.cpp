// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/page_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <numeric>

namespace sndback {
namespace {

// Directory pages by grant reference.
class PageDirectoryTest : public ::testing::Test {
  protected:
    static constexpr std::size_t entries = page_size / sizeof(grant_ref_t);
    using Page = std::array<std::uint32_t, entries>;

    std::vector<grant_ref_t> walk(grant_ref_t first, std::uint32_t bytes)
    {
        return walk_page_directory(first, bytes, [this](grant_ref_t grant, const auto &use) {
            ++reads_;
            use(DirectoryPage(pages_.at(grant)));
        });
    }

    std::map<grant_ref_t, Page> pages_;
    int reads_ = 0;
};

TEST_F(PageDirectoryTest, CollectsAcrossPages)
{
    const std::uint32_t count = entries - 1 + 5;
    pages_[10][0] = 11;
    for (std::uint32_t index = 0; index < count; ++index)
        pages_[index < entries - 1 ? 10 : 11][1 + index % (entries - 1)] = 1000 + index;
    const auto grants = walk(10, count * page_size - 100);
    ASSERT_EQ(grants.size(), count);
    for (std::uint32_t index = 0; index < count; ++index)
        EXPECT_EQ(grants[index], 1000 + index);
    EXPECT_EQ(reads_, 2);
}

TEST_F(PageDirectoryTest, RefusesAChainThatLoops)
{
    pages_[10].fill(10);
    EXPECT_THROW((void)walk(10, 16 * 1024 * 1024), BadDirectory);
    EXPECT_EQ(reads_, 1);
}

TEST_F(PageDirectoryTest, RefusesMissingLinksAndEntries)
{
    EXPECT_THROW((void)walk(0, 1), BadDirectory);
    pages_[10] = {};
    EXPECT_THROW((void)walk(10, 1), BadDirectory);
    std::iota(pages_[10].begin(), pages_[10].end(), 0);
    EXPECT_THROW((void)walk(10, 1024 * page_size), BadDirectory);
    EXPECT_EQ(walk(10, 1023 * page_size).size(), 1023U);
    pages_[10][0] = 77;
    EXPECT_THROW((void)walk(10, page_size), BadDirectory);
}

// 4096 entries of one page would be 4096 mappings.
TEST_F(PageDirectoryTest, RefusesAPageThatIsListedTwice)
{
    std::iota(pages_[10].begin(), pages_[10].end(), 0);
    pages_[10][900] = 7;
    EXPECT_EQ(walk(10, 899 * page_size).size(), 899U);
    EXPECT_THROW((void)walk(10, 900 * page_size), BadDirectory);
}

} // namespace
} // namespace sndback

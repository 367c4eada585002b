// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/grants.hpp"

#include <sys/mman.h>

#include <array>
#include <new>

#include <gtest/gtest.h>

// The header does not say that the library is C.
extern "C" {
#include <xengnttab.h>
}

// ---- libxengnttab ----------------------------------------------------------------------------

namespace {

bool is_out_of_memory = false;
bool is_invalid = false; // a grant
int mapped_pages = 0;

} // namespace

struct xengntdev_handle {};

extern "C" {

xengnttab_handle *xengnttab_open(xentoollog_logger *, unsigned)
{
    static xengntdev_handle handle;
    return &handle;
}

int xengnttab_close(xengnttab_handle *)
{
    return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *, std::uint32_t count, std::uint32_t,
                                      std::uint32_t *, int protection)
{
    if (is_out_of_memory)
        throw std::bad_alloc();
    if (is_invalid)
        return nullptr;
    mapped_pages += static_cast<int>(count);
    void *pages =
        mmap(nullptr, count * sndback::page_size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages != MAP_FAILED ? pages : nullptr;
}

int xengnttab_unmap(xengnttab_handle *, void *address, std::uint32_t count)
{
    mapped_pages -= static_cast<int>(count);
    return munmap(address, count * sndback::page_size);
}

} // extern "C"

// ----------------------------------------------------------------------------------------------

namespace sndback {
namespace {

constexpr std::array<grant_ref_t, 4> grants { 8, 9, 10, 11 };

TEST(GrantMapper, PagesCountUntilTheyAreUnmapped)
{
    GrantMapper mapper(3);
    mapper.set_limit(grants.size());
    {
        const auto pages = mapper.map(grants);
        EXPECT_EQ(pages->bytes().size(), grants.size() * page_size);
        pages->bytes().back() = std::byte { 1 };
        EXPECT_THROW((void)mapper.map(std::span(grants).first(1)), MappingRefused);
        EXPECT_EQ(mapped_pages, 4);
    }
    EXPECT_EQ(mapped_pages, 0);
    EXPECT_NO_THROW((void)mapper.map(grants));
}

// What a guest says that it has granted, and has not.
TEST(GrantMapper, PagesDoNotCountThatCannotBeMapped)
{
    GrantMapper mapper(3);
    mapper.set_limit(grants.size());
    is_invalid = true;
    EXPECT_THROW((void)mapper.map(grants), std::runtime_error);
    is_invalid = false;
    EXPECT_NO_THROW((void)mapper.map(grants));
    EXPECT_EQ(mapped_pages, 0);
}

// Otherwise a guest's quota would shrink each time this domain is short of memory.
TEST(GrantMapper, PagesDoNotCountThatMemoryWasTooShortToMap)
{
    GrantMapper mapper(3);
    mapper.set_limit(grants.size());
    is_out_of_memory = true;
    EXPECT_THROW((void)mapper.map(grants), std::bad_alloc);
    is_out_of_memory = false;
    EXPECT_NO_THROW((void)mapper.map(grants));
}

} // namespace
} // namespace sndback

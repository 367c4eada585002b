// SPDX-License-Identifier: GPL-2.0-only
// Box, Array, granted pages and their mappings.
#include <cstring>

#include "driver/shared_buffer.hpp"
#include "sndif/protocol.hpp"
#include "unit/fake/kernel_test.hpp"

namespace xen_front::test {

namespace {

class KernelMemoryTest : public FakeKernelTest {};

// Counts those that live.
struct Counted {
    Counted()
    {
        living++;
    }
    explicit Counted(int number) : number(number)
    {
        living++;
    }
    ~Counted()
    {
        living--;
    }
    Counted(const Counted &) = delete;
    Counted &operator=(const Counted &) = delete;

    int number = 0;
    static inline int living = 0;
};

TEST_F(KernelMemoryTest, BoxDestroysWhatItOwns)
{
    {
        auto box = Box<Counted>::create(7);
        ASSERT_FALSE(box.is_error());
        EXPECT_EQ(box.value()->number, 7);
        EXPECT_EQ(Counted::living, 1);
    }
    EXPECT_EQ(Counted::living, 0);
}

TEST_F(KernelMemoryTest, BoxMoves)
{
    Box<Counted> first = Box<Counted>::create(1).release_value();
    Box<Counted> second = Box<Counted>::create(2).release_value();
    second = move(first);
    EXPECT_EQ(Counted::living, 1);
    EXPECT_FALSE(first);
    EXPECT_EQ(second->number, 1);
    Box<Counted> third(move(second));
    EXPECT_FALSE(second);
    third.reset();
    EXPECT_EQ(Counted::living, 0);
    third.reset();
}

TEST_F(KernelMemoryTest, MovedToItselfIsKept)
{
    auto box = Box<Counted>::create(5).release_value();
    Box<Counted> &same_box = box;
    box = move(same_box);
    ASSERT_TRUE(box);
    EXPECT_EQ(box->number, 5);

    auto array = Array<Counted>::create(3).release_value();
    Array<Counted> &same_array = array;
    array = move(same_array);
    EXPECT_EQ(array.size(), 3u);
    EXPECT_EQ(Counted::living, 4);

    GrantedPage pages[] = { GrantedPage::create(DomainId(0)).release_value() };
    PageMapping mapping = PageMapping::create({ pages, 1 }).release_value();
    pages[0].as<wire::EventPage>()->in_cons = 7;
    GrantedPage &same_page = pages[0];
    pages[0] = move(same_page);
    PageMapping &same_mapping = mapping;
    mapping = move(same_mapping);
    EXPECT_EQ(kernel.memory.grant_count(), 1u);
    EXPECT_EQ(static_cast<wire::EventPage *>(mapping.address())->in_cons, 7u);
}

TEST_F(KernelMemoryTest, ReleasedBoxIsTheCallers)
{
    Box<Counted> box = Box<Counted>::create(3).release_value();
    Counted *object = box.release();
    EXPECT_FALSE(box);
    EXPECT_EQ(Counted::living, 1);
    Box<Counted> owner(object);
}

TEST_F(KernelMemoryTest, BoxWithoutMemory)
{
    kernel.injector.fail_call(0);
    auto box = Box<Counted>::create();
    ASSERT_TRUE(box.is_error());
    EXPECT_EQ(box.error(), Error::NoMemory);
    EXPECT_EQ(Counted::living, 0);
}

TEST_F(KernelMemoryTest, ArrayOfObjects)
{
    {
        auto array = Array<Counted>::create(10);
        ASSERT_FALSE(array.is_error());
        EXPECT_EQ(array.value().size(), 10u);
        EXPECT_EQ(Counted::living, 10);
        int sum = 0;
        array.value()[9].number = 5;
        for (const Counted &object : array.value())
            sum += object.number;
        EXPECT_EQ(sum, 5);
        Array<Counted> moved = array.release_value();
        EXPECT_EQ(moved.size(), 10u);
        moved = Array<Counted>();
        EXPECT_EQ(Counted::living, 0);
    }
    EXPECT_EQ(Counted::living, 0);
}

TEST_F(KernelMemoryTest, EmptyArray)
{
    auto array = Array<Counted>::create(0);
    ASSERT_FALSE(array.is_error());
    EXPECT_EQ(array.value().size(), 0u);
    EXPECT_EQ(array.value().begin(), array.value().end());
}

TEST_F(KernelMemoryTest, ArrayThatCannotBe)
{
    auto array = Array<uint64_t>::create(~size_t { 0 } / 4);
    ASSERT_TRUE(array.is_error());
    EXPECT_EQ(array.error(), Error::NoMemory);
}

// ---- pages ----

TEST_F(KernelMemoryTest, GrantedPageIsSharedAndZeroed)
{
    auto page = GrantedPage::create(DomainId(3));
    ASSERT_FALSE(page.is_error());
    EXPECT_EQ(kernel.memory.map_grant(0, page.value().reference().value()), nullptr);
    auto *foreign =
        static_cast<uint8_t *>(kernel.memory.map_grant(3, page.value().reference().value()));
    ASSERT_NE(foreign, nullptr);
    for (size_t i = 0; i < wire::page_size; i++)
        ASSERT_EQ(foreign[i], 0);
    page.value().as<wire::EventPage>()->in_cons = 0x12345678;
    uint32_t seen = 0;
    std::memcpy(&seen, foreign, sizeof(seen));
    EXPECT_EQ(seen, 0x12345678u);
    kernel.memory.unmap_grant(foreign);
}

TEST_F(KernelMemoryTest, PageStaysBehindWhileTheBackendMapsIt)
{
    void *foreign = nullptr;
    {
        auto page = GrantedPage::create(DomainId(0));
        ASSERT_FALSE(page.is_error());
        foreign = kernel.memory.map_grant(0, page.value().reference().value());
        EXPECT_FALSE(page.value().try_end());
        EXPECT_EQ(kernel.memory.grant_count(), 1u);
    }
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_EQ(kernel.memory.lingering_count(), 1u);
    kernel.memory.unmap_grant(foreign);
    EXPECT_EQ(kernel.memory.lingering_count(), 0u);
}

TEST_F(KernelMemoryTest, PageThatTheBackendMapsKeepsItsGrant)
{
    GrantedPage page = GrantedPage::create(DomainId(3)).release_value();
    const GrantRef reference = page.reference();
    void *mapped = kernel.memory.map_grant(3, reference.value());
    ASSERT_NE(mapped, nullptr);
    const auto renewed = page.renew(DomainId(3));
    ASSERT_TRUE(renewed.is_error());
    EXPECT_EQ(renewed.error(), Error::Busy);
    EXPECT_EQ(page.reference(), reference);
    EXPECT_EQ(kernel.memory.grant_count(), 1u);
    kernel.memory.unmap_grant(mapped);
    EXPECT_FALSE(page.renew(DomainId(3)).is_error());
    EXPECT_EQ(kernel.memory.grant_count(), 1u);
}

TEST_F(KernelMemoryTest, TriedAndEndedIsEndedOnce)
{
    auto page = GrantedPage::create(DomainId(0));
    ASSERT_FALSE(page.is_error());
    EXPECT_TRUE(page.value().try_end());
    EXPECT_TRUE(page.value().try_end());
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
}

TEST_F(KernelMemoryTest, MovedPageIsEndedOnce)
{
    GrantedPage first = GrantedPage::create(DomainId(0)).release_value();
    GrantedPage second(move(first));
    GrantedPage third = GrantedPage::create(DomainId(0)).release_value();
    third = move(second);
    EXPECT_EQ(kernel.memory.grant_count(), 1u);
}

TEST_F(KernelMemoryTest, PageIsFreedWhenItCannotBeGranted)
{
    kernel.injector.fail_call(1);
    auto page = GrantedPage::create(DomainId(0));
    ASSERT_TRUE(page.is_error());
    EXPECT_EQ(page.error(), Error::NoSpace);
}

class SharedBufferTest : public FakeKernelTest {};

TEST_F(SharedBufferTest, KernelAndBackendSeeTheSameBytes)
{
    constexpr uint32_t bytes = 3 * wire::page_size + 100;
    auto buffer = SharedBuffer::create(DomainId(0), bytes, 2);
    ASSERT_FALSE(buffer.is_error());
    EXPECT_EQ(buffer.value()->bytes(), bytes);
    auto *audio = static_cast<uint8_t *>(buffer.value()->address());
    for (uint32_t i = 0; i < bytes; i++)
        audio[i] = static_cast<uint8_t>(i * 31 >> 3);

    auto *directory = static_cast<wire::DirectoryPage *>(
        kernel.memory.map_grant(0, buffer.value()->directory().value()));
    ASSERT_NE(directory, nullptr);
    EXPECT_EQ(directory->gref_dir_next_page, 0u);
    for (uint32_t page = 0; page < 4; page++) {
        auto *seen = static_cast<uint8_t *>(kernel.memory.map_grant(0, directory->gref[page]));
        ASSERT_NE(seen, nullptr);
        for (uint32_t i = 0; i < wire::page_size && page * wire::page_size + i < bytes; i++)
            ASSERT_EQ(seen[i], audio[page * wire::page_size + i]);
        kernel.memory.unmap_grant(seen);
    }
    kernel.memory.unmap_grant(directory);
}

TEST_F(SharedBufferTest, ValuesStandBehindTheAudio)
{
    constexpr uint32_t bytes = wire::page_size - 7; // there would be room
    auto buffer = SharedBuffer::create(DomainId(0), bytes, 3);
    ASSERT_FALSE(buffer.is_error());
    EXPECT_TRUE(buffer.value()->has_values());
    auto *audio = static_cast<uint8_t *>(buffer.value()->address());
    using wire::Operation;
    const auto start = [&](Operation operation, uint32_t channels) {
        const auto row = buffer.value()->values(operation, channels);
        EXPECT_EQ(row.size(), channels);
        row[channels - 1] = 0; // must be there
        return reinterpret_cast<uint8_t *>(row.data()) - audio;
    };
    // In a page that no application can map.
    constexpr uint32_t rows = wire::page_size;
    EXPECT_EQ(start(Operation::SetVolume, 3), rows);
    EXPECT_EQ(start(Operation::GetVolume, 3), rows + 12);
    EXPECT_EQ(start(Operation::Unmute, 3), rows + 36);
    EXPECT_EQ(start(Operation::Unmute, 1), rows + 12);
}

TEST_F(SharedBufferTest, WithoutValuesTheDirectoryListsAudioAlone)
{
    // One page more than a directory page can list, and that is for values.
    constexpr uint32_t bytes = wire::directory_entries * wire::page_size;
    auto buffer = SharedBuffer::create(DomainId(0), bytes, 2);
    ASSERT_FALSE(buffer.is_error());
    auto *directory = static_cast<wire::DirectoryPage *>(
        kernel.memory.map_grant(0, buffer.value()->directory().value()));
    ASSERT_NE(directory, nullptr);
    EXPECT_NE(directory->gref_dir_next_page, 0u);
    buffer.value()->hide_values();
    EXPECT_FALSE(buffer.value()->has_values());
    EXPECT_EQ(directory->gref_dir_next_page, 0u);
    kernel.memory.unmap_grant(directory);
}

TEST_F(SharedBufferTest, EveryFailureLeavesNothingBehind)
{
    for (uint64_t call = 0;; call++) {
        kernel.injector.fail_call(call);
        auto buffer = SharedBuffer::create(DomainId(0), 5 * wire::page_size, 2);
        if (!kernel.injector.failed()) {
            EXPECT_FALSE(buffer.is_error());
            EXPECT_GT(call, 15u);
            break;
        }
        ASSERT_TRUE(buffer.is_error()) << call;
        EXPECT_EQ(to_errno(buffer.error()), kernel.injector.failed()->error) << call;
        kernel.expect_no_leaks();
    }
}

} // namespace

} // namespace xen_front::test

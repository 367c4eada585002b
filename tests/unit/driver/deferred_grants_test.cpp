// SPDX-License-Identifier: GPL-2.0-only
// What backends keep of connections and buffers that have ended: src/driver/deferred_grants.hpp.
#include "driver/deferred_grants.hpp"

#include "stream_failure_test.hpp"

namespace xen_front::test {

namespace {

using namespace std::chrono_literals;

constexpr size_t pages_per_connection = 2;

class DeferredGrantsTest : public DriverTest {
  protected:
    void TearDown() override
    {
        backend.detach();
        let_go();
        DriverTest::TearDown();
    }
    // A backend that unmaps nothing, ever.
    void hoard()
    {
        stream().keep_mapping = [this](void *page) {
            kept.push_back(page);
        };
    }
    // The backend goes, and comes back.
    void reconnect()
    {
        backend.publish(XenbusState::Closed);
        backend.detach();
        // State changes that follow each other without a rest are throttled.
        kernel.timeline.pass(2s);
        backend.wait_for_frontend();
        if (state() != XenbusState::Initialised)
            return;
        backend.connect();
        hoard();
    }
    void let_go()
    {
        for (void *page : std::exchange(kept, {}))
            kernel.memory.unmap_grant(page);
    }

    std::vector<void *> kept;
};

TEST_F(DeferredGrantsTest, RingsThatAreNeverUnmappedAreCounted)
{
    connect();
    hoard();
    for (int round = 0; round < 20; round++) {
        reconnect();
        ASSERT_LE(kernel.memory.grant_count(),
                  pages_per_connection * DeferredGrants::generations_max);
        ASSERT_EQ(kernel.memory.lingering_count(), 0u);
    }
    // The card waited for as long as it may, and was unplugged.
    EXPECT_EQ(state(), XenbusState::Initialising);
    ASSERT_EQ(complaints().size(), 2u);
    EXPECT_NE(complaints()[0].find("still maps the rings of 4 streams"), std::string::npos)
        << complaints()[0];
    EXPECT_NE(complaints()[1].find("no backend for 10000 ms"), std::string::npos)
        << complaints()[1];

    // It tries again, without the backend doing anything.
    let_go();
    kernel.timeline.pass(2s);
    ASSERT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(kernel.memory.grant_count(), pages_per_connection);
}

TEST_F(DeferredGrantsTest, ACardWaitsForABackendThatUnmapsLate)
{
    connect();
    hoard();
    for (uint32_t round = 0; round < DeferredGrants::generations_max; round++)
        reconnect();
    ASSERT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(kernel.sound.visible_cards().size(), 1u);
    let_go();
    kernel.timeline.pass(2s);
    ASSERT_EQ(state(), XenbusState::Initialised);
    backend.connect();
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(kernel.sound.visible_cards().size(), 1u);
}

TEST_F(DeferredGrantsTest, OnePageOfAConnectionIsEnough)
{
    connect();
    kept.push_back(
        kernel.memory.map_grant(device.backend_domain, backend.transport("0/0").ring_reference));
    reconnect();
    // The event page is free already.
    EXPECT_EQ(kernel.memory.grant_count(), pages_per_connection + 1);
    let_go();
    kernel.timeline.pass(2s);
    EXPECT_EQ(kernel.memory.grant_count(), pages_per_connection);
}

TEST_F(DeferredGrantsTest, TheyOutliveTheDevice)
{
    connect();
    hoard();
    for (uint32_t round = 0; round < DeferredGrants::generations_max; round++) {
        fake::remove(device);
        backend.detach();
        kernel.store.set(device.path + "/state", "1");
        kernel.timeline.pass(2s);
        fake::probe(device);
        backend.wait_for_frontend();
        if (state() != XenbusState::Initialised)
            break;
        backend.connect();
        hoard();
    }
    EXPECT_EQ(state(), XenbusState::Initialising);
    EXPECT_EQ(kernel.memory.grant_count(), pages_per_connection * DeferredGrants::generations_max);
}

TEST_F(DeferredGrantsTest, OtherDevicesAreNotConcerned)
{
    connect();
    hoard();
    for (int round = 0; round < 6; round++)
        reconnect();
    ASSERT_EQ(state(), XenbusState::Initialising);

    fake::XenbusDevice &other = kernel.add_device(1);
    Backend good(kernel, other);
    for (const auto &[node, value] : one_playback_stream())
        kernel.store.set(other.path + "/" + node, value);
    fake::probe(other);
    good.wait_for_frontend();
    good.connect();
    EXPECT_EQ(fake::frontend_state(other), XenbusState::Connected);
    good.detach();
    fake::remove(other);
}

TEST_F(DeferredGrantsTest, WhatIsUnmappedIsFreedWithinASecond)
{
    connect();
    hoard();
    auto file = prepared();
    backend.publish(XenbusState::Closed);
    backend.detach();
    file.reset();
    const size_t mapped = kept.size();
    EXPECT_EQ(kernel.memory.grant_count(), mapped);
    kernel.timeline.pass(5s);
    EXPECT_EQ(kernel.memory.grant_count(), mapped);
    let_go();
    EXPECT_EQ(kernel.memory.grant_count(), mapped);
    kernel.timeline.pass(1s);
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    // The driver has nothing to look after any more.
    kernel.timeline.pass(10s);
    const uint64_t runs = kernel.works.runs();
    kernel.timeline.pass(10s);
    EXPECT_EQ(kernel.works.runs(), runs);
}

// A backend may have mapped nothing, and copy by grants when it comes to a READ that was sent
// before.
TEST_F(DeferredGrantsTest, BufferIsKeptUntilCloseIsAnswered)
{
    connect();
    for (int round = 0; round < 2; round++) {
        const size_t idle = kernel.memory.grant_count();
        auto file = prepared();
        const size_t open = kernel.memory.grant_count();
        ASSERT_GT(open, idle);
        stream().withheld = { wire::Operation::Close };
        file.reset();
        EXPECT_EQ(kernel.memory.grant_count(), open);
        kernel.timeline.pass(5s);
        EXPECT_EQ(kernel.memory.grant_count(), open);
        stream().withheld.clear();
        if (round == 0) {
            stream().answer_all();
            file = open_with(small_params);
            EXPECT_EQ(kernel.memory.grant_count(), open);
            file.reset();
        } else {
            backend.publish(XenbusState::Closed);
            backend.detach();
            kernel.timeline.pass(1s);
        }
        EXPECT_EQ(kernel.memory.grant_count(), round == 0 ? idle : 0);
    }
}

// Of a buffer that it was never offered the backend knows nothing, whatever it has yet to answer.
TEST_F(DeferredGrantsTest, BufferThatWasNotOpenedIsFreedAtOnce)
{
    connect();
    auto file = prepared();
    const size_t open = kernel.memory.grant_count();
    stream().withheld = { wire::Operation::Close };
    EXPECT_EQ(file->hw_free(), 0);
    ASSERT_EQ(kernel.memory.grant_count(), open);
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_GT(kernel.memory.grant_count(), open);
    EXPECT_EQ(file->hw_free(), 0);
    EXPECT_EQ(kernel.memory.grant_count(), open);
}

// ALSA frees a buffer that is still mapped when it closes the stream.
TEST_F(DeferredGrantsTest, MappedBufferIsKeptUntilCloseIsAnswered)
{
    connect();
    const size_t idle = kernel.memory.grant_count();
    auto file = prepared();
    const size_t open = kernel.memory.grant_count();
    stream().withheld = { wire::Operation::Close };
    kshim_substream &substream = file->substream();
    file->set_mapped(true);
    file.reset();
    substream.is_mapped = false;
    EXPECT_EQ(kernel.memory.grant_count(), open);
    stream().withheld.clear();
    stream().answer_all();
    open_with(small_params).reset();
    kernel.timeline.pass(1s);
    EXPECT_EQ(kernel.memory.grant_count(), idle);
}

// Whether it answers none, or each only when the driver waits for the next.
TEST_F(DeferredGrantsTest, BackendThatAnswersCloseLateGetsNoMoreBuffers)
{
    connect();
    for (const bool is_answered_late : { false, true }) {
        const size_t idle = kernel.memory.grant_count();
        auto file = prepared();
        const size_t buffer = kernel.memory.grant_count() - idle;
        file.reset();
        stream().withheld = { wire::Operation::Close };
        int refused = 0;
        for (int round = 0; round < 50; round++) {
            if (is_answered_late) {
                kernel.timeline.after(10ms, [this] {
                    while (stream().withheld_count() > 1)
                        stream().answer_next();
                });
            }
            file = open();
            ASSERT_TRUE(file);
            const int status = file->hw_params(small_params);
            if (status == 0) {
                EXPECT_EQ(file->prepare(), 0);
            } else {
                EXPECT_EQ(status, -EBUSY);
                refused++;
            }
            file.reset();
            ASSERT_LE(kernel.memory.grant_count(), idle + buffer * DeferredGrants::generations_max);
        }
        EXPECT_GT(refused, 0);
        stream().withheld.clear();
        stream().answer_all();
        file = open_with(small_params);
        EXPECT_EQ(file->prepare(), 0);
        file.reset();
        EXPECT_EQ(kernel.memory.grant_count(), idle);
    }
}

// Blocks and packets of the guest need grants, too.
TEST_F(DeferredGrantsTest, LargeBuffersThatAreKeptLeaveGrantsToOthers)
{
    connect();
    hoard();
    kernel.memory.grants_max = 64;
    const PcmParams params = { format_s16_le, 48000, 2, 1024, 8192 };
    int status = 0;
    int count = 0;
    for (; count < 10 && status == 0; count++) {
        auto file = open();
        status = file->hw_params(params);
        if (status == 0) {
            EXPECT_EQ(file->prepare(), 0);
        }
    }
    // The first is under a quarter of the grants with its nine or ten pages, two are not.
    EXPECT_EQ(status, -EBUSY);
    EXPECT_EQ(count, 3);
    let_go();
    EXPECT_TRUE(open_with(params));
}

TEST_F(DeferredGrantsTest, BuffersCountForTheCardThatComesNext)
{
    connect();
    for (uint32_t round = 0; round < DeferredGrants::generations_max; round++) {
        auto file = prepared();
        stream().keep_mapping = [this](void *page) {
            kept.push_back(page);
        };
        file.reset();
        stream().keep_mapping = nullptr;
        // Away for so long that the card goes.
        backend.publish(XenbusState::Closed);
        backend.detach();
        kernel.timeline.pass(11s);
        ASSERT_TRUE(kernel.sound.visible_cards().empty());
        backend.wait_for_frontend();
        backend.connect();
        ASSERT_EQ(state(), XenbusState::Connected);
    }
    auto file = open();
    ASSERT_TRUE(file);
    EXPECT_EQ(file->hw_params(small_params), -EBUSY);
    // After one line for each card that was unplugged.
    ASSERT_EQ(complaints().size(), DeferredGrants::generations_max + 1u);
    EXPECT_NE(complaints().back().find("still maps old buffers"), std::string::npos);
    let_go();
    EXPECT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
}

TEST_F(DeferredGrantsTest, UnloadingLeavesTheRestToTheKernel)
{
    connect();
    hoard();
    reconnect();
    fake::remove(device);
    backend.detach();
    const size_t mapped = kept.size();
    EXPECT_EQ(kernel.memory.grant_count(), mapped);
    kernel.unload_driver();
    EXPECT_EQ(kernel.memory.grant_count(), 0u);
    EXPECT_EQ(kernel.memory.lingering_count(), mapped);
    let_go();
    EXPECT_EQ(kernel.memory.lingering_count(), 0u);
}

// ---- buffers of streams ----

TEST_F(StreamFailureTest, PagesOfABackendThatKeepsThemAreNotReused)
{
    auto file = running();
    const uint32_t reference = stream().opened()->gref_directory;
    auto *mapped = static_cast<uint8_t *>(kernel.memory.map_grant(0, reference));
    ASSERT_NE(mapped, nullptr);
    const size_t grants = kernel.memory.grant_count();
    file.reset();
    const size_t grants_closed = kernel.memory.grant_count();
    EXPECT_LT(grants_closed, grants); // all but the one that is mapped
    mapped[0] = 0xaa; // the backend goes on writing
    auto again = running();
    EXPECT_EQ(kernel.memory.grant_count(), grants + 1);
    kernel.memory.unmap_grant(mapped);
    again.reset();
    ASSERT_TRUE(running());
    // The driver looks whether the page is free when it allocates the buffer after the next.
    EXPECT_LT(kernel.memory.grant_count(), grants_closed);
}

TEST_F(StreamFailureTest, BackendThatKeepsEveryBufferGetsNoMore)
{
    std::vector<void *> kept;
    stream().keep_mapping = [&](void *page) {
        kept.push_back(page);
    };
    auto file = prepared();
    int status = 0;
    for (int round = 0; round < 20 && status == 0; round++)
        status = file->hw_params(small_params) == 0 ? file->prepare() : -EBUSY;
    EXPECT_EQ(status, -EBUSY);
    // A few buffers of one page each, not twenty.
    EXPECT_LE(kernel.memory.lingering_count() + kernel.memory.grant_count(), 20u);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_NE(complaints()[0].find("still maps old buffers"), std::string::npos);

    stream().keep_mapping = nullptr;
    for (void *page : kept)
        kernel.memory.unmap_grant(page);
    ASSERT_EQ(file->hw_params(small_params), 0);
    EXPECT_EQ(file->prepare(), 0);
}

} // namespace

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/event_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

namespace xen_front::test {

namespace {

class EventQueueTest : public ::testing::Test {
  protected:
    EventQueueTest()
    {
        queue.attach(page.get());
    }

    void send(uint8_t type, uint64_t value)
    {
        wire::Event event = {};
        event.type = type;
        event.position = value;
        page->events[page->in_prod % wire::event_ring_size] = event;
        page->in_prod++;
    }
    void send_position(uint64_t value)
    {
        send(wire::event_current_position, value);
    }
    bool take()
    {
        if (left == 0)
            left = queue.look(violation);
        while (left > 0) {
            left--;
            if (queue.take(position))
                return true;
        }
        return false;
    }

    std::unique_ptr<wire::EventPage> page = std::make_unique<wire::EventPage>();
    EventQueue queue;
    uint32_t left = 0; // that were counted, and not taken
    Bytes position;
    Violation violation = Violation::None;
};

TEST_F(EventQueueTest, EmptyAtFirst)
{
    EXPECT_FALSE(take());
}

TEST_F(EventQueueTest, AttachingResetsWhatStoodInThePage)
{
    page->in_prod = 3;
    page->in_cons = 2;
    queue.attach(page.get());
    EXPECT_EQ(page->in_prod, 0u);
    EXPECT_EQ(page->in_cons, 0u);
}

TEST_F(EventQueueTest, PositionsInOrder)
{
    send_position(0);
    send_position(4096);
    send_position(~uint64_t { 0 });
    for (const uint64_t expected : { uint64_t { 0 }, uint64_t { 4096 }, ~uint64_t { 0 } }) {
        ASSERT_TRUE(take());
        EXPECT_EQ(position.value(), expected);
    }
    EXPECT_FALSE(take());
}

TEST_F(EventQueueTest, BackendLearnsOnlyWhenAcknowledged)
{
    send_position(1);
    send_position(2);
    ASSERT_TRUE(take());
    ASSERT_TRUE(take());
    EXPECT_EQ(page->in_cons, 0u);
    queue.acknowledge();
    EXPECT_EQ(page->in_cons, 2u);
}

TEST_F(EventQueueTest, UnknownEventsArePassedOver)
{
    send(1, 11);
    send_position(22);
    send(255, 33);
    ASSERT_TRUE(take());
    EXPECT_EQ(position.value(), 22u);
    EXPECT_FALSE(take());
    queue.acknowledge();
    EXPECT_EQ(page->in_cons, 3u);
}

TEST_F(EventQueueTest, FullPage)
{
    for (uint32_t i = 0; i < wire::event_ring_size; i++)
        send_position(i);
    for (uint32_t i = 0; i < wire::event_ring_size; i++) {
        ASSERT_TRUE(take());
        EXPECT_EQ(position.value(), i);
    }
    EXPECT_FALSE(take());
}

// The number of slots is no power of two, so the slot is the index modulo 63.
TEST_F(EventQueueTest, WrapsRoundThePage)
{
    for (uint64_t i = 0; i < uint64_t { 20 } * wire::event_ring_size; i++) {
        send_position(i);
        ASSERT_TRUE(take());
        ASSERT_EQ(position.value(), i);
        queue.acknowledge();
    }
    EXPECT_FALSE(take());
}

// A backend need not wait for the frontend: sndif.h, "in_cons".
TEST_F(EventQueueTest, OfMoreThanThePageHoldsTheNewestAreTaken)
{
    for (uint64_t i = 0; i < wire::event_ring_size + 10; i++)
        send_position(i);
    for (uint64_t i = 10; i < wire::event_ring_size + 10; i++) {
        ASSERT_TRUE(take());
        EXPECT_EQ(position.value(), i);
    }
    EXPECT_FALSE(take());
    queue.acknowledge();
    EXPECT_EQ(page->in_cons, wire::event_ring_size + 10);
    send_position(100);
    ASSERT_TRUE(take());
    EXPECT_EQ(position.value(), 100u);
    EXPECT_FALSE(take());
}

TEST_F(EventQueueTest, NoIndexMakesALookLonger)
{
    for (const uint32_t ahead : { 1u, 63u, 64u, 1000u, (1u << 31) - 1 }) {
        page->in_prod = page->in_cons + ahead;
        EXPECT_EQ(queue.look(violation), std::min(ahead, wire::event_ring_size)) << ahead;
        while (take()) {}
        queue.acknowledge();
        EXPECT_EQ(page->in_cons, page->in_prod);
    }
    EXPECT_EQ(violation, Violation::None);
}

TEST_F(EventQueueTest, BackwardsIndexIsAViolation)
{
    send_position(1);
    send_position(2);
    ASSERT_TRUE(take());
    ASSERT_TRUE(take());
    page->in_prod = 1;
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::EventIndex);
}

TEST_F(EventQueueTest, BackendsIdeaOfOurIndexDoesNotMatter)
{
    send_position(5);
    page->in_cons = 1000;
    ASSERT_TRUE(take());
    EXPECT_EQ(position.value(), 5u);
    queue.acknowledge();
    EXPECT_EQ(page->in_cons, 1u);
}

} // namespace

} // namespace xen_front::test

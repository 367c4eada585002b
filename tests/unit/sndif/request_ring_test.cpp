// SPDX-License-Identifier: GPL-2.0-only
// Requests and their responses, and when either side is notified.
#include "request_ring_test.hpp"

#include <vector>

namespace xen_front::test {

namespace {

using wire::Operation;

TEST_F(RequestRingTest, StartsAsBothSidesExpect)
{
    EXPECT_EQ(page->req_prod, 0u);
    EXPECT_EQ(page->rsp_prod, 0u);
    EXPECT_EQ(page->req_event, 1u); // the backend wants to hear of the first request
    EXPECT_EQ(ring.in_flight(), 0u);
    EXPECT_EQ(ring.free_slots(true), wire::ring_size);
    EXPECT_EQ(ring.free_slots(false), wire::ring_size - RequestRing::reserved_slots);
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::None);
}

TEST_F(RequestRingTest, AttachingResetsWhatStoodInThePage)
{
    page->req_prod = 7;
    page->rsp_prod = 9;
    page->req_event = 100;
    ring.attach(page.get());
    EXPECT_EQ(page->req_prod, 0u);
    EXPECT_EQ(page->rsp_prod, 0u);
    EXPECT_EQ(page->req_event, 1u);
}

TEST_F(RequestRingTest, PushedRequestsAreInvisibleUntilPublished)
{
    push(Operation::Write);
    EXPECT_EQ(page->req_prod, 0u);
    EXPECT_EQ(ring.in_flight(), 1u);
    ring.publish();
    EXPECT_EQ(page->req_prod, 1u);
}

TEST_F(RequestRingTest, RequestArrivesAsItWasPushed)
{
    wire::Request open = {};
    open.operation = Operation::Open;
    open.open = { 48000, 2, 8, 0, 65536, 77, 1024 };
    auto id = ring.push(open);
    ASSERT_FALSE(id.is_error());
    ring.publish();

    const wire::Request seen = consume();
    EXPECT_EQ(seen.id, id.value().value());
    EXPECT_EQ(seen.operation, Operation::Open);
    EXPECT_EQ(seen.open.pcm_rate, 48000u);
    EXPECT_EQ(seen.open.pcm_format, 2u);
    EXPECT_EQ(seen.open.pcm_channels, 8u);
    EXPECT_EQ(seen.open.buffer_sz, 65536u);
    EXPECT_EQ(seen.open.gref_directory, 77u);
    EXPECT_EQ(seen.open.period_sz, 1024u);
}

TEST_F(RequestRingTest, AnswerCarriesWhatTheBackendSaid)
{
    wire::Request trigger = make_request(Operation::Trigger);
    trigger.trigger.type = wire::TriggerType::Pause;
    auto id = ring.push(trigger);
    ASSERT_FALSE(id.is_error());
    ring.publish();
    respond(id.value(), Operation::Trigger, -5);
    ASSERT_TRUE(take());
    EXPECT_EQ(answer.id, id.value());
    EXPECT_EQ(answer.operation, Operation::Trigger);
    EXPECT_EQ(answer.trigger, wire::TriggerType::Pause);
    EXPECT_EQ(answer.status, -5);
    EXPECT_EQ(ring.in_flight(), 0u);
    EXPECT_FALSE(take());
}

TEST_F(RequestRingTest, AnswerToQueryCarriesRanges)
{
    const RequestId id = push(Operation::HwParamQuery);
    ring.publish();
    wire::Response &response = page->slots[0].response;
    response = {};
    response.id = id.value();
    response.operation = static_cast<uint8_t>(Operation::HwParamQuery);
    response.hw_param = { 5, { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } };
    page->rsp_prod = 1;
    ASSERT_TRUE(take());
    EXPECT_EQ(ring.hw_param().formats, 5u);
    EXPECT_EQ(ring.hw_param().period.max, 8u);
}

TEST_F(RequestRingTest, AnswersMayComeInAnyOrder)
{
    std::vector<RequestId> ids;
    for (uint32_t i = 0; i < 8; i++)
        ids.push_back(push(Operation::Write, i));
    ring.publish();
    for (const size_t i : { 3, 7, 0, 1, 6, 2, 5, 4 }) {
        respond(ids[i], Operation::Write);
        ASSERT_TRUE(take());
        EXPECT_EQ(answer.id, ids[i]);
    }
    EXPECT_EQ(violation, Violation::None);
}

// The slot table outlives the ring's slots when answers come late: none may be given out twice.
TEST_F(RequestRingTest, IdsInFlightAreUniqueWhenAnswersComeOutOfOrder)
{
    const RequestId oldest = push(Operation::Write);
    ring.publish();
    std::vector<RequestId> others;
    for (int round = 0; round < 500; round++) {
        const RequestId next = push(Operation::Write);
        ring.publish();
        ASSERT_NE(next, oldest);
        for (const RequestId other : others)
            ASSERT_NE(next, other);
        others.push_back(next);
        if (others.size() == 5) {
            respond(others.back(), Operation::Write);
            ASSERT_TRUE(take());
            others.pop_back();
        }
    }
    respond(oldest, Operation::Write);
    ASSERT_TRUE(take());
    EXPECT_EQ(answer.id, oldest);
}

TEST_F(RequestRingTest, DataLeavesRoomForControl)
{
    const uint32_t data_slots = wire::ring_size - RequestRing::reserved_slots;
    for (uint32_t i = 0; i < data_slots; i++)
        push(Operation::Write);
    EXPECT_EQ(ring.free_slots(false), 0u);
    EXPECT_EQ(ring.free_slots(true), RequestRing::reserved_slots);
    for (const Operation operation :
         { Operation::Write, Operation::Read, Operation::Open, Operation::HwParamQuery }) {
        wire::Request request = make_request(operation);
        auto refused = ring.push(request);
        ASSERT_TRUE(refused.is_error());
        EXPECT_EQ(refused.error(), Error::NoSpace);
    }
    for (uint32_t i = 0; i < RequestRing::reserved_slots; i++)
        push(i % 2 == 0 ? Operation::Trigger : Operation::Close);
    wire::Request close = make_request(Operation::Close);
    auto refused = ring.push(close);
    ASSERT_TRUE(refused.is_error());
    EXPECT_EQ(refused.error(), Error::NoSpace);
    EXPECT_EQ(ring.in_flight(), wire::ring_size);
}

TEST_F(RequestRingTest, FullRingGoesOnAfterAnAnswer)
{
    std::vector<RequestId> ids;
    while (ring.free_slots(false) > 0)
        ids.push_back(push(Operation::Write));
    ring.publish();
    respond(ids[0], Operation::Write);
    ASSERT_TRUE(take());
    EXPECT_EQ(ring.free_slots(false), 1u);
    push(Operation::Write);
    EXPECT_EQ(ring.free_slots(false), 0u);
}

TEST_F(RequestRingTest, WrapsRoundThePage)
{
    for (uint32_t i = 0; i < 10 * wire::ring_size; i++) {
        const RequestId id = push(Operation::Write, i);
        ring.publish();
        const wire::Request seen = consume();
        ASSERT_EQ(seen.id, id.value());
        ASSERT_EQ(seen.transfer.offset, i);
        respond(id, Operation::Write);
        ASSERT_TRUE(take());
    }
    EXPECT_EQ(page->req_prod, 10 * wire::ring_size);
}

// Ids have 16 bits, of which the generation wraps first.
TEST_F(RequestRingTest, GenerationsWrap)
{
    for (uint32_t i = 0; i < 70000; i++) {
        const RequestId id = push(Operation::Write);
        ring.publish();
        respond(id, Operation::Write);
        ASSERT_TRUE(take()) << "round " << i;
        ASSERT_EQ(answer.id, id);
    }
}

// ---- notifications ----

TEST_F(RequestRingTest, NotifiesABackendThatAsked)
{
    push(Operation::Write);
    EXPECT_TRUE(ring.publish()); // req_event is 1 from the start
    push(Operation::Write);
    EXPECT_FALSE(ring.publish()); // the backend has not asked again
    page->req_event = 3;
    push(Operation::Write);
    EXPECT_TRUE(ring.publish());
}

TEST_F(RequestRingTest, OneNotificationForABatch)
{
    page->req_event = 2; // in the middle of the batch
    for (int i = 0; i < 3; i++)
        push(Operation::Write);
    EXPECT_TRUE(ring.publish());
}

TEST_F(RequestRingTest, HeldOffNotificationsStayOff)
{
    page->req_event = 5;
    for (int i = 0; i < 4; i++) {
        push(Operation::Write);
        EXPECT_FALSE(ring.publish());
    }
    push(Operation::Write);
    EXPECT_TRUE(ring.publish());
}

TEST_F(RequestRingTest, AnyReqEventIsHarmless)
{
    for (const uint32_t req_event : { 0u, 0x80000000u, ~0u }) {
        page->req_event = req_event;
        push(Operation::Write);
        ring.publish();
        EXPECT_EQ(ring.in_flight(), 1u);
        respond(consume().id, Operation::Write);
        ASSERT_TRUE(take());
    }
}

TEST_F(RequestRingTest, AnswersDoNotInterruptWhileHeldOff)
{
    for (int i = 0; i < 5; i++) {
        const RequestId id = push(Operation::Write);
        ring.publish();
        EXPECT_FALSE(respond(id, Operation::Write)) << i;
    }
    // Taken or not, they stay held off.
    while (take()) {}
    const RequestId id = push(Operation::Write);
    ring.publish();
    EXPECT_FALSE(respond(id, Operation::Write));
}

TEST_F(RequestRingTest, RequestedNotificationComesWithTheNextAnswer)
{
    const RequestId first = push(Operation::Write);
    const RequestId second = push(Operation::Write);
    ring.publish();
    EXPECT_FALSE(ring.request_notification());
    EXPECT_TRUE(respond(first, Operation::Write));
    // Once, until it is asked for again.
    EXPECT_FALSE(respond(second, Operation::Write));
}

TEST_F(RequestRingTest, RequestingTooLateSaysSo)
{
    const RequestId id = push(Operation::Write);
    ring.publish();
    respond(id, Operation::Write);
    EXPECT_TRUE(ring.request_notification());
    ASSERT_TRUE(take());
    EXPECT_FALSE(ring.request_notification());
}

TEST_F(RequestRingTest, HoldingOffTakesARequestBack)
{
    const RequestId id = push(Operation::Write);
    ring.publish();
    EXPECT_FALSE(ring.request_notification());
    ring.hold_off_notifications();
    EXPECT_FALSE(respond(id, Operation::Write));
}

} // namespace

} // namespace xen_front::test

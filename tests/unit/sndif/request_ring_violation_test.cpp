// SPDX-License-Identifier: GPL-2.0-only
// Backends that break the rules of the ring, and responses of an earlier connection.
#include <set>

#include "request_ring_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;

TEST_F(RequestRingTest, ResponsesToNothingAreOutOfRange)
{
    page->rsp_prod = 1;
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseIndex);
}

TEST_F(RequestRingTest, MoreResponsesThanRequestsAreOutOfRange)
{
    const RequestId id = push(Operation::Write);
    ring.publish();
    page->slots[0].response.id = id.value();
    page->rsp_prod = 2;
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseIndex);
}

TEST_F(RequestRingTest, ResponsesToUnpublishedRequestsAreOutOfRange)
{
    push(Operation::Write);
    page->rsp_prod = 1;
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseIndex);
}

TEST_F(RequestRingTest, ResponseIndexMayNotGoBackwards)
{
    const RequestId id = push(Operation::Write);
    push(Operation::Write);
    ring.publish();
    respond(id, Operation::Write);
    ASSERT_TRUE(take());
    page->rsp_prod = 0;
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseIndex);
}

TEST_F(RequestRingTest, AnnouncedResponseMayNotVanish)
{
    push(Operation::Write);
    ring.publish();
    page->rsp_prod = 1;
    ASSERT_TRUE(ring.request_notification());
    page->rsp_prod = 0;
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseIndex);

    violation = Violation::None;
    ring.attach(page.get());
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::None);
}

TEST_F(RequestRingTest, UnknownIdIsAViolation)
{
    const RequestId id = push(Operation::Write);
    ring.publish();
    respond(static_cast<uint16_t>(id.value() ^ 1), Operation::Write);
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseId);
}

TEST_F(RequestRingTest, EveryIdButTheRightOneIsAViolation)
{
    for (uint32_t wrong = 0; wrong <= 0xffff; wrong++) {
        ring.attach(page.get());
        violation = Violation::None;
        const RequestId id = push(Operation::Write);
        if (id.value() == wrong)
            continue;
        ring.publish();
        respond(static_cast<uint16_t>(wrong), Operation::Write);
        ASSERT_FALSE(take()) << wrong;
        ASSERT_EQ(violation, Violation::ResponseId);
    }
}

TEST_F(RequestRingTest, SecondAnswerIsAViolation)
{
    const RequestId id = push(Operation::Write);
    push(Operation::Write);
    ring.publish();
    respond(id, Operation::Write);
    respond(id, Operation::Write);
    EXPECT_TRUE(take());
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseId);
}

TEST_F(RequestRingTest, LateAnswerToAnEarlierUserOfTheSlotIsAViolation)
{
    const RequestId old_id = push(Operation::Write);
    ring.publish();
    respond(old_id, Operation::Write);
    ASSERT_TRUE(take());
    for (uint32_t i = 0; i < wire::ring_size - RequestRing::reserved_slots; i++)
        push(Operation::Write);
    ring.publish();
    respond(old_id, Operation::Write);
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::ResponseId);
}

TEST_F(RequestRingTest, AnswerToAnotherOperationIsAViolation)
{
    for (const int operation : { 0, 1, 2, 4, 9, 10, 255 }) {
        ring.attach(page.get());
        violation = Violation::None;
        const RequestId id = push(Operation::Write);
        ring.publish();
        respond(id, static_cast<Operation>(operation));
        EXPECT_FALSE(take());
        EXPECT_EQ(violation, Violation::ResponseOperation) << operation;
    }
}

TEST_F(RequestRingTest, DetachForgetsWhatWasInFlight)
{
    push(Operation::Write);
    ring.publish();
    ring.detach();
    EXPECT_EQ(ring.in_flight(), 0u);
    auto other = std::make_unique<wire::RingPage>();
    ring.attach(other.get());
    EXPECT_EQ(ring.free_slots(true), wire::ring_size);
    EXPECT_FALSE(take());
    EXPECT_EQ(violation, Violation::None);
}

// An answer from the connection before must not pass for one of this connection.
TEST_F(RequestRingTest, IdsGoOnOverAReconnection)
{
    std::set<uint16_t> seen;
    for (int connection = 0; connection < 100; connection++) {
        ring.attach(page.get());
        EXPECT_TRUE(seen.insert(push(Operation::Write).value()).second) << connection;
    }
}

} // namespace

} // namespace xen_front::test

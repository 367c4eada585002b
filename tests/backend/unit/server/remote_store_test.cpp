// SPDX-License-Identifier: GPL-2.0-only
#include "server/remote_store.hpp"

#include <gtest/gtest.h>

namespace sndback {
namespace {

TEST(RemoteStore, LettingGoOfAWatchNeedsNoSupervisor)
{
    auto [supervisor, worker] = MessageSocket::pair();
    {
        const MessageSocket gone = std::move(supervisor);
    }
    RemoteStore store(worker);
    EXPECT_THROW((void)store.read("/node"), SupervisorGone);
    // Destructors do so.
    EXPECT_NO_THROW(store.unwatch("/node"));
}

TEST(RemoteStore, KeepsOrdersThatComeBeforeAnAnswer)
{
    const auto [supervisor, worker] = MessageSocket::pair();
    RemoteStore store(worker);
    EXPECT_FALSE(store.next_order(false));
    (void)supervisor.send(MessageKind::update);
    (void)supervisor.send(MessageKind::report);
    (void)supervisor.send(MessageKind::read, 1, "value");
    (void)supervisor.send(MessageKind::stop);
    EXPECT_EQ(store.read("/node"), "value");
    for (const MessageKind kind : { MessageKind::update, MessageKind::report, MessageKind::stop }) {
        const std::optional<Message> order = store.next_order(false);
        ASSERT_TRUE(order);
        EXPECT_EQ(order->kind, kind);
    }
    EXPECT_FALSE(store.next_order(false));
}

} // namespace
} // namespace sndback

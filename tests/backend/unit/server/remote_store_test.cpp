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

} // namespace
} // namespace sndback

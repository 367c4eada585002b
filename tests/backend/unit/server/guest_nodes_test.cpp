// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_nodes.hpp"

#include <gtest/gtest.h>

#include "unit/xenlib/fake_xenstore.h"

namespace sndback {
namespace {

// What is left of a directory that the toolstack has removed is no card.
TEST(GuestNodes, SaysOfCardsThatExistOnlyWhyTheyAreNotServed)
{
    xenstore_nodes = {
        { "/local/domain/0/backend/vsnd/3/0", "" },
        { "/local/domain/0/backend/vsnd/3/0/frontend", "/local/domain/3/device/vsnd/0" },
        { "/local/domain/0/backend/vsnd/3/1", "" },
        { "/local/domain/0/backend/vsnd/3/1/state", "6" },
    };
    XenStore store;
    GuestNodes nodes(store, "/local/domain/0", "/local/domain/0/backend/vsnd", 3);
    std::vector<std::string> told;
    nodes.refuse_cards("why", told);
    EXPECT_EQ(told, std::vector<std::string> { "0" });
    EXPECT_EQ(xenstore_nodes["/local/domain/0/error/backend/vsnd/3/0/error"], "why");
    EXPECT_FALSE(xenstore_nodes.contains("/local/domain/0/error/backend/vsnd/3/1/error"));
    xenstore_nodes.clear();
}

} // namespace
} // namespace sndback

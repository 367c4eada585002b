// SPDX-License-Identifier: GPL-2.0-only
#include "server/store_broker.hpp"

#include <gtest/gtest.h>

#include "unit/xenlib/fake_xenstore.h"

namespace sndback {
namespace {

class StoreBrokerTest : public ::testing::Test {
  protected:
    // Guest 3 has a card 0, guest 4 as well.
    StoreBrokerTest()
    {
        xenstore_nodes = {
            { "/local/domain/0/backend/vsnd/3/0/frontend", "/local/domain/3/device/vsnd/0" },
            { "/local/domain/0/backend/vsnd/4/0/frontend", "/local/domain/4/device/vsnd/0" },
        };
    }
    ~StoreBrokerTest() override
    {
        xenstore_nodes.clear();
    }
    // Whether the node is there when the worker has written it.
    bool writes(const std::string &path, const std::string &value)
    {
        (void)broker_.handle({ MessageKind::write, 0, path, value });
        return xenstore_nodes.contains(path);
    }

  private:
    XenStore store_;
    GuestNodes nodes_ { store_, "/local/domain/0", "/local/domain/0/backend/vsnd", 3 };
    StoreBroker broker_ { store_, nodes_, 3 };
};

// A worker that its guest has taken over would fill XenStore with them.
TEST_F(StoreBrokerTest, WritesErrorsAboutCardsThatExistOnly)
{
    EXPECT_TRUE(writes("/local/domain/0/error/backend/vsnd/3/0/error", "why"));
    EXPECT_FALSE(writes("/local/domain/0/error/backend/vsnd/3/1/error", "why"));
    EXPECT_FALSE(writes("/local/domain/0/error/backend/vsnd/4/0/error", "why"));
}

TEST_F(StoreBrokerTest, WritesStatesOfCardsThatExistOnly)
{
    EXPECT_TRUE(writes("/local/domain/0/backend/vsnd/3/0/state", "2"));
    EXPECT_FALSE(writes("/local/domain/0/backend/vsnd/3/1/state", "2"));
    EXPECT_FALSE(writes("/local/domain/0/backend/vsnd/4/0/state", "2"));
    EXPECT_FALSE(writes("/local/domain/0/backend/vsnd/3/0/online", "2"));
}

TEST_F(StoreBrokerTest, WritesNothingThatMovesTheCursorOfATerminal)
{
    const std::string error = "/local/domain/0/error/backend/vsnd/3/0/error";
    EXPECT_TRUE(writes(error, "\x1b[2Jwhy"));
    EXPECT_EQ(xenstore_nodes[error], "\\x1b[2Jwhy");
    EXPECT_FALSE(writes("/local/domain/0/backend/vsnd/3/0/versions", "\x1b[2J"));
    EXPECT_TRUE(writes("/local/domain/0/backend/vsnd/3/0/versions", "1,2"));
}

} // namespace
} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/store_broker.hpp"

#include <fmt/core.h>
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
    StoreBroker::Answer ask(MessageKind kind, const std::string &path,
                            const std::string &value = {})
    {
        return broker_.handle({ kind, 0, path, value }).value();
    }
    // Whether the node is there when the worker has written it.
    bool writes(const std::string &path, const std::string &value)
    {
        (void)ask(MessageKind::write, path, value);
        return xenstore_nodes.contains(path);
    }
    // Of a node that is there.
    bool reads(const std::string &path)
    {
        xenstore_nodes[path] = "value";
        const StoreBroker::Answer answer = ask(MessageKind::read, path);
        EXPECT_EQ(answer.text, answer.is_done ? "value" : "");
        return answer.is_done;
    }
    bool removes(const std::string &path)
    {
        xenstore_nodes[path] = "value";
        const bool is_done = ask(MessageKind::remove, path).is_done;
        EXPECT_NE(xenstore_nodes.contains(path), is_done);
        return is_done;
    }
    bool watches(const std::string &path)
    {
        const bool is_done = ask(MessageKind::watch, path).is_done;
        EXPECT_EQ(xenstore_watches.contains(path), is_done);
        return is_done;
    }

  private:
    XenStore store_;
    GuestNodes nodes_ { store_, "/local/domain/0", "/local/domain/0/backend/vsnd", 3 };
    StoreBroker broker_ { store_, nodes_, 3 };
};

// A worker that its guest has taken over asks for anything.
TEST_F(StoreBrokerTest, ReadsWhatIsOfItsGuestOnly)
{
    for (const char *path :
         { "domid", "/local/domain/0/backend/vsnd/3/0/online", "/local/domain/3/device/vsnd/0" })
        EXPECT_TRUE(reads(path)) << path;
    for (const char *path :
         { "domid2", "/tool/xenstored", "/local/domain/0/name", "/local/domain/33/name",
           "/local/domain/4/device/vsnd/0", "/local/domain/0/backend/vsnd/33/0/online",
           "/local/domain/0/backend/vsnd/4/0/online", "/local/domain/0/error/backend/vsnd/3/0" })
        EXPECT_FALSE(reads(path)) << path;
}

TEST_F(StoreBrokerTest, ListsWhatIsOfItsGuestOnly)
{
    using namespace std::string_literals;
    for (const char *name : { "backend/vsnd/3/0", "backend/vsnd/4/0" })
        xenstore_nodes["/local/domain/0/"s + name] = "";
    for (const char *name : { "3/device/vsnd", "4/device/vsnd" })
        xenstore_nodes["/local/domain/"s + name] = "";
    EXPECT_EQ(ask(MessageKind::list, "/local/domain/0/backend/vsnd/3").text, "0\0"s);
    EXPECT_EQ(ask(MessageKind::list, "/local/domain/0/backend/vsnd/4").text, "");
    EXPECT_EQ(ask(MessageKind::list, "/local/domain/3/device").text, "vsnd\0"s);
    EXPECT_EQ(ask(MessageKind::list, "/local/domain/4/device").text, "");
}

// The guest may have made a directory that no message has room for.
TEST_F(StoreBrokerTest, ListsNothingThatIsTooLong)
{
    constexpr std::size_t names = 4000;
    for (std::size_t index = 0; index < names; ++index)
        xenstore_nodes[fmt::format("/local/domain/3/device/a-long-name-{:012}", index)] = "";
    const StoreBroker::Answer answer = ask(MessageKind::list, "/local/domain/3/device");
    EXPECT_TRUE(answer.is_done);
    EXPECT_EQ(answer.text, "");
}

TEST_F(StoreBrokerTest, RemovesWhatItMayWriteOnly)
{
    EXPECT_TRUE(removes("/local/domain/0/backend/vsnd/3/0/versions"));
    EXPECT_TRUE(removes("/local/domain/0/error/backend/vsnd/3/0/error"));
    for (const char *path :
         { "/local/domain/0/backend/vsnd/3/0/frontend", "/local/domain/0/backend/vsnd/3/x/state",
           "/local/domain/0/backend/vsnd/3//state", "/local/domain/0/backend/vsnd/3/0/a/state",
           "/local/domain/0/backend/vsnd/300/state", "/local/domain/0/backend/vsnd/4/0/versions",
           "/local/domain/3/device/vsnd/0/state" })
        EXPECT_FALSE(removes(path)) << path;
}

TEST_F(StoreBrokerTest, WatchesStatesOfItsFrontendsOnly)
{
    xenstore_nodes["/local/domain/0/backend/vsnd/3/0"] = "";
    const std::string state = "/local/domain/3/device/vsnd/0/state";
    EXPECT_TRUE(watches(state));
    EXPECT_TRUE(watches(state)) << "again";
    EXPECT_EQ(xenstore_watches.count(state), 1U);
    EXPECT_FALSE(watches("/local/domain/3/device/vsnd/0"));
    EXPECT_FALSE(watches("/local/domain/3/device/vsnd/1/state"));
    (void)ask(MessageKind::unwatch, state);
    EXPECT_TRUE(xenstore_watches.empty());
    // Whatever is said to be the frontend.
    xenstore_nodes["/local/domain/0/backend/vsnd/3/0/frontend"] = "/local/domain/4/device/vsnd/0";
    EXPECT_FALSE(watches("/local/domain/4/device/vsnd/0/state"));
}

// Each costs XenStore memory, and this domain a part of what it may have.
TEST_F(StoreBrokerTest, WatchesNoMoreThanAGuestMayHaveCards)
{
    constexpr unsigned most = 256;
    for (unsigned card = 0; card <= most; ++card) {
        const std::string directory = fmt::format("/local/domain/0/backend/vsnd/3/{}", card);
        xenstore_nodes[directory] = "";
        xenstore_nodes[directory + "/frontend"] =
            fmt::format("/local/domain/3/device/vsnd/{}", card);
        EXPECT_EQ(watches(fmt::format("/local/domain/3/device/vsnd/{}/state", card)), card < most);
    }
}

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
    for (const char *state : { "", "0", "9", "22" }) {
        xenstore_nodes.erase("/local/domain/0/backend/vsnd/3/0/state");
        EXPECT_FALSE(writes("/local/domain/0/backend/vsnd/3/0/state", state)) << state;
    }
    EXPECT_TRUE(writes("/local/domain/0/backend/vsnd/3/0/state", "8"));
}

TEST_F(StoreBrokerTest, WritesNothingLong)
{
    const std::string error = "/local/domain/0/error/backend/vsnd/3/0/error";
    EXPECT_FALSE(writes(error, std::string(1025, '.')));
    EXPECT_TRUE(writes(error, std::string(1024, '.')));
    const std::string versions = "/local/domain/0/backend/vsnd/3/0/versions";
    EXPECT_FALSE(writes(versions, std::string(65, '1')));
    EXPECT_TRUE(writes(versions, std::string(64, '1')));
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

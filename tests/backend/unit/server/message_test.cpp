// SPDX-License-Identifier: GPL-2.0-only
#include "server/message.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

namespace sndback {
namespace {

using Received = MessageSocket::Received;

class MessageSocketTest : public ::testing::Test {
  protected:
    // What the other end makes of octets that are sent.
    Received receive(const std::vector<char> &octets)
    {
        EXPECT_EQ(send(here_.descriptor(), octets.data(), octets.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(octets.size()));
        return there_.receive(message_, false);
    }
    // A message with a header of these words.
    static std::vector<char> octets(std::array<std::uint32_t, 3> header, std::size_t rest)
    {
        std::vector<char> octets(sizeof(header) + rest);
        std::memcpy(octets.data(), header.data(), sizeof(header));
        return octets;
    }

    std::pair<MessageSocket, MessageSocket> ends_ = MessageSocket::pair();
    const MessageSocket &here_ = ends_.first;
    const MessageSocket &there_ = ends_.second;
    Message message_ {};
};

constexpr std::size_t header_octets = 12;
constexpr auto last_kind = static_cast<std::uint32_t>(MessageKind::stop);

TEST_F(MessageSocketTest, CarriesMessagesInOrder)
{
    EXPECT_EQ(there_.receive(message_, false), Received::nothing);
    EXPECT_TRUE(here_.send(MessageKind::write, 7, "path", std::string_view("va\0lue", 6)));
    EXPECT_TRUE(here_.send(MessageKind::stop));
    EXPECT_EQ(there_.receive(message_, false), Received::message);
    EXPECT_EQ(message_.kind, MessageKind::write);
    EXPECT_EQ(message_.number, 7U);
    EXPECT_EQ(message_.first, "path");
    EXPECT_EQ(message_.second, std::string_view("va\0lue", 6));
    EXPECT_EQ(there_.receive(message_, true), Received::message);
    EXPECT_EQ(message_.kind, MessageKind::stop);
    EXPECT_EQ(message_.first + message_.second, "");
    EXPECT_EQ(there_.receive(message_, false), Received::nothing);
}

TEST_F(MessageSocketTest, CarriesTheLargestMessage)
{
    const std::string half((MessageSocket::most_octets - header_octets) / 2, 'x');
    EXPECT_TRUE(here_.send(MessageKind::write, 0, half, half));
    EXPECT_EQ(there_.receive(message_, false), Received::message);
    EXPECT_EQ(message_.first, half);
    EXPECT_EQ(message_.second, half);
    EXPECT_FALSE(here_.send(MessageKind::write, 0, half, half + "y"));
    EXPECT_EQ(there_.receive(message_, false), Received::nothing);
}

// The other end may be a worker that its guest has taken over.
TEST_F(MessageSocketTest, TakesNothingThatIsNoMessage)
{
    EXPECT_EQ(receive(octets({ last_kind, 0, 5 }, 5)), Received::message);
    EXPECT_EQ(receive(octets({ last_kind, 0, 6 }, 5)), Received::closed);
    EXPECT_EQ(receive(octets({ last_kind, 0, ~0U }, 5)), Received::closed);
    EXPECT_EQ(receive(octets({ last_kind + 1, 0, 0 }, 0)), Received::closed);
    EXPECT_EQ(receive(std::vector<char>(header_octets - 1)), Received::closed);
    EXPECT_EQ(receive(std::vector<char>(header_octets)), Received::message);
    EXPECT_EQ(receive(std::vector<char>(MessageSocket::most_octets)), Received::message);
    EXPECT_EQ(receive(std::vector<char>(MessageSocket::most_octets + 1)), Received::closed);
}

TEST_F(MessageSocketTest, NoticesThatTheOtherEndIsGone)
{
    {
        const MessageSocket gone = std::move(ends_.first);
    }
    EXPECT_EQ(there_.receive(message_, false), Received::closed);
    EXPECT_FALSE(there_.send(MessageKind::stop));
}

} // namespace
} // namespace sndback

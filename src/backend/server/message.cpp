// SPDX-License-Identifier: GPL-2.0-only
#include "server/message.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace sndback {

namespace {

struct Header {
    std::uint32_t kind;
    std::uint32_t number;
    std::uint32_t first_octets;
};

} // namespace

std::pair<MessageSocket, MessageSocket> MessageSocket::pair()
{
    std::array<int, 2> ends {};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    return { MessageSocket(File(ends[0])), MessageSocket(File(ends[1])) };
}

bool MessageSocket::send(MessageKind kind, std::uint32_t number, std::string_view first,
                         std::string_view second, bool wait) const
{
    Header header { static_cast<std::uint32_t>(kind), number,
                    static_cast<std::uint32_t>(first.size()) };
    if (sizeof(header) + first.size() + second.size() > most_octets)
        return false;
    std::array<iovec, 3> parts { { { &header, sizeof(header) },
                                   { const_cast<char *>(first.data()), first.size() },
                                   { const_cast<char *>(second.data()), second.size() } } };
    msghdr message {};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    ssize_t sent = 0;
    do
        sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

MessageSocket::Received MessageSocket::receive(Message &message, bool wait) const
{
    thread_local std::vector<char> buffer(most_octets);
    ssize_t received = 0;
    do
        received = recv(socket_.get(), buffer.data(), buffer.size(),
                        MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT));
    while (received < 0 && errno == EINTR);
    if (received < 0)
        return errno == EAGAIN ? Received::nothing : Received::closed;
    const auto octets = static_cast<std::size_t>(received);
    Header header {};
    if (octets < sizeof(header) || octets > buffer.size())
        return Received::closed;
    std::memcpy(&header, buffer.data(), sizeof(header));
    const std::string_view rest(buffer.data() + sizeof(header), octets - sizeof(header));
    if (header.kind > static_cast<std::uint32_t>(MessageKind::stop) ||
        header.first_octets > rest.size())
        return Received::closed;
    message.kind = static_cast<MessageKind>(header.kind);
    message.number = header.number;
    message.first = rest.substr(0, header.first_octets);
    message.second = rest.substr(header.first_octets);
    return Received::message;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// What the process under test asks of the machine.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "machine/machine.h"

namespace sndback::fake {

void Machine::serve(Client &client)
{
    std::string packet(most_octets, '\0');
    const ssize_t size = recv(client.socket, packet.data(), packet.size(), 0);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size < static_cast<ssize_t>(sizeof(Request))) {
        const int number = client.number;
        std::erase_if(watches_, [&](const Watch &watch) { return watch.client == number; });
        for (auto &[name, port] : ports_)
            if (port.client == number)
                port.client = -1;
        close(client.socket);
        if (client.event_socket >= 0)
            close(client.event_socket);
        clients_.erase(number);
        return;
    }
    ++calls_;
    Request request {};
    std::memcpy(&request, packet.data(), sizeof(request));
    packet.resize(static_cast<std::size_t>(size));
    const std::string first = packet.substr(sizeof(request), request.first_octets);
    const std::string second = packet.substr(sizeof(request) + request.first_octets);
    if (request.call == Call::hello_store_events || request.call == Call::hello_channel_events) {
        const auto owner = clients_.find(static_cast<int>(request.domain));
        if (owner != clients_.end())
            owner->second.event_socket = client.socket;
        clients_.erase(client.number);
        return;
    }
    const auto [reply, text] = answer(client, request, first, second);
    if (request.call == Call::channel_notify || request.call == Call::channel_unmask ||
        request.call == Call::channel_taken)
        return;
    std::string answer_packet(reinterpret_cast<const char *>(&reply), sizeof(reply));
    answer_packet += text;
    (void)!send(client.socket, answer_packet.data(), answer_packet.size(), MSG_NOSIGNAL);
}

std::pair<Reply, std::string> Machine::answer(Client &client, const Request &request,
                                              const std::string &first, const std::string &second)
{
    const Reply good { 0, 0 };
    switch (request.call) {
    case Call::hello_store:
        client.is_store = true;
        [[fallthrough]];
    case Call::hello_channels:
    case Call::hello_grants:
        return { Reply { 0, static_cast<std::uint32_t>(client.number) }, "" };
    case Call::store_read: {
        const auto node = nodes_.find(first);
        if (node == nodes_.end())
            return { Reply { ENOENT, 0 }, "" };
        return { good, node->second };
    }
    case Call::store_list: {
        std::string names;
        std::set<std::string> seen;
        for (auto node = nodes_.lower_bound(first + "/");
             node != nodes_.end() && node->first.starts_with(first + "/"); ++node) {
            const std::string rest = node->first.substr(first.size() + 1);
            if (seen.insert(rest.substr(0, rest.find('/'))).second)
                names += rest.substr(0, rest.find('/')) + '\0';
        }
        if (!nodes_.contains(first))
            return { Reply { ENOENT, 0 }, "" };
        return { good, names };
    }
    case Call::store_write:
        return { Reply { write_for_backend(first, second, request.number), 0 }, "" };
    case Call::store_begin:
        transactions_[next_transaction_] = { changes_, {} };
        return { Reply { 0, next_transaction_++ }, "" };
    case Call::store_end:
        return { Reply { end_transaction(request.number, request.domain != 0), 0 }, "" };
    case Call::store_remove:
        if (kept_.contains(first))
            return { Reply { EACCES, 0 }, "" };
        return { Reply { write_for_backend(first, std::nullopt, request.number), 0 }, "" };
    case Call::store_watch:
        watches_.push_back({ client.number, first, second });
        send_event(client.number, first + '\0' + second + '\0');
        return { good, "" };
    case Call::store_unwatch:
        std::erase_if(watches_, [&](const Watch &watch) {
            return watch.client == client.number && watch.path == first && watch.token == second;
        });
        return { good, "" };
    case Call::store_alive:
        return { Reply { domains_.contains(request.domain) ? 0 : ENOENT, 0 }, "" };
    case Call::channel_restrict:
        client.domain = request.domain;
        return { good, "" };
    case Call::channel_bind: {
        const auto port = ports_.find(request.number);
        if (port == ports_.end() || port->second.domain != request.domain ||
            port->second.client != -1 || (client.domain && *client.domain != request.domain))
            return { Reply { EINVAL, 0 }, "" };
        ++binds_;
        port->second.client = client.number;
        port->second.masked = false;
        deliver(request.number); // a new channel is pending
        return { Reply { 0, request.number }, "" };
    }
    case Call::channel_unbind:
        if (const auto port = ports_.find(request.number); port != ports_.end())
            port->second.client = -1;
        return { good, "" };
    case Call::channel_notify:
        if (const auto port = ports_.find(request.number);
            port != ports_.end() && port->second.client == client.number)
            ++port->second.notified;
        return { good, "" };
    case Call::channel_unmask:
        if (const auto port = ports_.find(request.number);
            port != ports_.end() && port->second.client == client.number) {
            port->second.masked = false;
            if (std::exchange(port->second.pending, false))
                deliver(request.number);
        }
        return { good, "" };
    case Call::channel_taken:
        --client.unread_ports;
        return { good, "" };
    case Call::grant_map:
        return map(client, request, first);
    case Call::grant_unmap:
        mapped_pages_ -= request.number;
        return { good, "" };
    default:
        return { Reply { ENOSYS, 0 }, "" };
    }
}

int Machine::write_for_backend(const std::string &path, const std::optional<std::string> &value,
                               std::uint32_t transaction)
{
    if (const auto what = before_write_.extract(path))
        what.mapped()();
    if (!refused_.empty() && path.starts_with(refused_))
        return EDQUOT;
    if (transaction != 0)
        transactions_.at(transaction).writes.emplace_back(path, value);
    else
        change(path, value);
    return 0;
}

void Machine::change(const std::string &path, const std::optional<std::string> &value)
{
    if (value)
        put(path, *value);
    else
        erase(path);
}

int Machine::end_transaction(std::uint32_t number, bool is_given_up)
{
    const Transaction transaction = transactions_.extract(number).mapped();
    if (is_given_up)
        return 0;
    if (transaction.begun != changes_)
        return EAGAIN;
    for (const auto &[path, value] : transaction.writes)
        change(path, value);
    return 0;
}

std::pair<Reply, std::string> Machine::map(Client &, const Request &request,
                                           const std::string &text)
{
    if (const auto intruder = intruders_.find(request.domain); intruder != intruders_.end())
        return { Reply { 0, static_cast<std::uint32_t>(intruder->second) }, "" };
    std::string pages;
    for (std::size_t at = 0; at + sizeof(std::uint32_t) <= text.size();
         at += sizeof(std::uint32_t)) {
        std::uint32_t grant = 0;
        std::memcpy(&grant, text.data() + at, sizeof(grant));
        const auto found = grants_.find({ request.domain, grant });
        if (found == grants_.end())
            return { Reply { EINVAL, 0 }, "" };
        pages.append(reinterpret_cast<const char *>(&found->second), sizeof(found->second));
    }
    mapped_pages_ += request.number;
    return { Reply { 0, 0 }, pages };
}

} // namespace sndback::fake

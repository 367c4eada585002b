// SPDX-License-Identifier: GPL-2.0-only
#include "server/remote_store.hpp"

#include <fmt/core.h>

namespace sndback {

Message RemoteStore::ask(MessageKind kind, std::string_view first, std::string_view second) const
{
    if (!supervisor_.send(kind, 0, first, second, true))
        throw SupervisorGone();
    for (;;) {
        Message message;
        if (supervisor_.receive(message, true) != MessageSocket::Received::message)
            throw SupervisorGone();
        if (message.kind == kind)
            return message;
        orders_.push_back(std::move(message));
    }
}

std::optional<std::string> RemoteStore::read(const std::string &path) const
{
    Message answer = ask(MessageKind::read, path);
    if (answer.number == 0)
        return std::nullopt;
    return std::move(answer.first);
}

std::vector<std::string> RemoteStore::list(const std::string &path) const
{
    const Message answer = ask(MessageKind::list, path);
    std::vector<std::string> names;
    for (std::string_view rest = answer.first; !rest.empty();) {
        const std::string_view name = rest.substr(0, rest.find('\0'));
        names.emplace_back(name);
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    }
    return names;
}

void RemoteStore::write(const std::string &path, const std::string &value)
{
    if (const Message answer = ask(MessageKind::write, path, value); answer.number == 0)
        throw std::runtime_error(answer.first);
}

void RemoteStore::remove(const std::string &path)
{
    (void)ask(MessageKind::remove, path);
}

bool RemoteStore::domain_alive(unsigned) const
{
    return ask(MessageKind::alive, {}).number != 0;
}

void RemoteStore::watch(const std::string &path)
{
    if (const Message answer = ask(MessageKind::watch, path); answer.number == 0)
        throw std::runtime_error(answer.first);
}

void RemoteStore::unwatch(const std::string &path)
{
    try {
        (void)ask(MessageKind::unwatch, path);
    } catch (const SupervisorGone &) {
        // Its watches are gone with it, and this is called while all is taken down.
    }
}

std::optional<Message> RemoteStore::next_order(bool wait)
{
    if (!orders_.empty()) {
        Message order = std::move(orders_.front());
        orders_.pop_front();
        return order;
    }
    Message order;
    switch (supervisor_.receive(order, wait)) {
    case MessageSocket::Received::message:
        return order;
    case MessageSocket::Received::nothing:
        return std::nullopt;
    case MessageSocket::Received::closed:
        break;
    }
    throw SupervisorGone();
}

} // namespace sndback

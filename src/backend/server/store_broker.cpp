// SPDX-License-Identifier: GPL-2.0-only
#include "server/store_broker.hpp"

#include "protocol/sndif.hpp"
#include "server/log.hpp"

namespace sndback {

namespace {

constexpr std::size_t most_watches = 256;
constexpr std::size_t longest_error = 1024;
constexpr std::size_t longest_versions = 64;

// NODE of `directory`/CARD/NODE; empty: that is not what the path looks like.
std::string_view node_of_card(std::string_view path, std::string_view directory)
{
    if (!path.starts_with(directory) || !path.substr(directory.size()).starts_with('/'))
        return {};
    const std::string_view rest = path.substr(directory.size() + 1);
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos || !is_card_number(rest.substr(0, slash)))
        return {};
    return rest.substr(slash + 1);
}

} // namespace

std::optional<StoreBroker::Answer> StoreBroker::handle(const Message &request)
{
    switch (request.kind) {
    case MessageKind::read:
        return read(request.first);
    case MessageKind::list:
        return list(request.first);
    case MessageKind::write:
        return write(request.first, request.second);
    case MessageKind::remove:
        return remove(request.first);
    case MessageKind::alive:
        return Answer { store_.domain_alive(domain_), {} };
    case MessageKind::watch:
        return watch(request.first);
    case MessageKind::unwatch:
        watches_.erase(request.first);
        return Answer { true, {} };
    default:
        return std::nullopt;
    }
}

StoreBroker::Answer StoreBroker::read(const std::string &path) const
{
    const auto value = may_read(path) ? store_.read(path) : std::nullopt;
    return { value.has_value(), value.value_or("") };
}

StoreBroker::Answer StoreBroker::list(const std::string &path) const
{
    std::vector<std::string> found;
    if (may_read(path))
        found = path.starts_with(nodes_.directory()) ? store_.list(path) : store_.list_apart(path);
    std::string names;
    for (const std::string &name : found)
        names += name + '\0';
    return { true, names.size() < MessageSocket::most_octets / 2 ? names : std::string() };
}

StoreBroker::Answer StoreBroker::write(const std::string &path, const std::string &value)
{
    if (!may_write(path, value))
        return { false, fmt::format("{} must not be written", printable(path)) };
    // CARD/NODE, in either of the directories that may_write() knows.
    const std::string_view card = std::string_view(path).substr(0, path.rfind('/'));
    try {
        // Only beside a card that exists: the toolstack may just have removed it, and a worker that
        // a guest has taken over may name one that never existed. Writing would create the node.
        // A terminal may show what xenstore-ls says.
        store_.write_beside(nodes_.frontend_node(card.substr(card.rfind('/') + 1)), path,
                            printable(value));
    } catch (const std::runtime_error &error) {
        return { false, error.what() };
    }
    return { true, {} };
}

StoreBroker::Answer StoreBroker::remove(const std::string &path)
{
    const bool is_allowed = may_write(path, "1");
    if (is_allowed)
        store_.remove(path);
    return { is_allowed, {} };
}

StoreBroker::Answer StoreBroker::watch(const std::string &path)
{
    // XenStore tells of each watch by itself: one write of the guest must not fire many. An honest
    // worker watches its frontends' states.
    if (watches_.size() >= most_watches || !may_read(path) || !nodes_.is_frontend_state(path))
        return { false, fmt::format("{} must not be watched", printable(path)) };
    try {
        watches_.try_emplace(path, store_, path, std::to_string(domain_));
    } catch (const std::runtime_error &error) {
        return { false, error.what() };
    }
    return { true, {} };
}

// The cards of this guest, and what the guest itself may read anyway.
bool StoreBroker::may_read(std::string_view path) const
{
    const std::string &own = nodes_.directory();
    return path == "domid" || path == own || path.starts_with(own + "/") ||
           path.starts_with(fmt::format("/local/domain/{}/", domain_));
}

bool StoreBroker::may_write(std::string_view path, std::string_view value) const
{
    const std::string_view node = node_of_card(path, nodes_.directory());
    if (node == "state")
        return value.size() == 1 && value[0] >= '1' && value[0] <= '8';
    if (node == XENSND_FIELD_BE_VERSIONS)
        return value.size() <= longest_versions &&
               value.find_first_not_of("0123456789,") == std::string_view::npos;
    return value.size() <= longest_error && node_of_card(path, nodes_.errors()) == "error";
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// What a worker may ask of the supervisor.
#include <algorithm>
#include <utility>

#include "protocol/sndif.hpp"
#include "server/guest_process.hpp"
#include "server/log.hpp"

namespace sndback {

namespace {

constexpr std::size_t most_watches = 256;
constexpr std::size_t longest_error = 1024;
constexpr std::size_t longest_versions = 64;

} // namespace

void GuestProcess::take_message(const Message &message, Time now)
{
    switch (message.kind) {
    case MessageKind::read: {
        const auto value =
            may_read(message.first) ? context_.store.read(message.first) : std::nullopt;
        return answer(message.kind, value.has_value(), value.value_or(""));
    }
    case MessageKind::list: {
        std::string names;
        if (may_read(message.first))
            for (const std::string &name : context_.store.list(message.first))
                names += name + '\0';
        return answer(message.kind, true,
                      names.size() < MessageSocket::most_octets / 2 ? names : std::string());
    }
    case MessageKind::write:
        return answer_write(message);
    case MessageKind::remove: {
        const bool allowed = may_write(message.first, "1");
        if (allowed)
            context_.store.remove(message.first);
        return answer(message.kind, allowed);
    }
    case MessageKind::alive:
        return answer(message.kind, context_.store.domain_alive(domain_));
    case MessageKind::watch:
        return answer_watch(message);
    case MessageKind::unwatch:
        watches_.erase(message.first);
        return answer(message.kind, true);
    case MessageKind::log:
        return take_log(message, now);
    case MessageKind::updated:
        told_ = false;
        if (!stopping_)
            patience_until_.reset();
        return;
    case MessageKind::statistics:
        if (new_statistics_.size() < most_statistics && message.first.size() <= most_row_octets)
            new_statistics_.push_back(message.first);
        return;
    case MessageKind::statistics_end:
        statistics_ = std::move(new_statistics_);
        new_statistics_.clear();
        reported_ = true;
        return;
    default:
        return lose("it says what only the supervisor says");
    }
}

void GuestProcess::answer(MessageKind kind, bool good, std::string_view text)
{
    if (!worker_->socket.send(kind, good ? 1 : 0, text))
        lose("it does not take its answers");
}

void GuestProcess::answer_write(const Message &message)
{
    if (!may_write(message.first, message.second))
        return answer(message.kind, false,
                      fmt::format("{} must not be written", printable(message.first)));
    // CARD/NODE, in either of the directories that may_write() knows.
    const std::string_view path = message.first;
    const std::string_view card = path.substr(0, path.rfind('/'));
    try {
        // The toolstack may have removed the card meanwhile, and writing would bring it back. A
        // worker that a guest has taken over would write about cards that never existed.
        context_.store.write_beside(nodes_.frontend_node(card.substr(card.rfind('/') + 1)),
                                    message.first, message.second);
    } catch (const std::runtime_error &error) {
        return answer(message.kind, false, error.what());
    }
    answer(message.kind, true);
}

void GuestProcess::answer_watch(const Message &message)
{
    if (!may_read(message.first) || watches_.size() >= most_watches)
        return answer(message.kind, false,
                      fmt::format("{} must not be watched", printable(message.first)));
    try {
        watches_.try_emplace(message.first, context_.store, message.first, std::to_string(domain_));
    } catch (const std::runtime_error &error) {
        return answer(message.kind, false, error.what());
    }
    answer(message.kind, true);
}

// The cards of this guest, and what the guest itself may read anyway.
bool GuestProcess::may_read(std::string_view path) const
{
    const std::string own = nodes_.directory();
    return path == "domid" || path == own || path.starts_with(own + "/") ||
           path.starts_with(fmt::format("/local/domain/{}/", domain_));
}

bool GuestProcess::may_write(std::string_view path, std::string_view value) const
{
    const auto take_card = [&](const std::string &prefix) -> std::string_view {
        if (!path.starts_with(prefix))
            return {};
        const std::string_view rest = path.substr(prefix.size());
        const std::size_t slash = rest.find('/');
        if (slash == std::string_view::npos || !is_card_number(rest.substr(0, slash)))
            return {};
        return rest.substr(slash + 1);
    };
    const std::string_view node = take_card(nodes_.directory() + "/");
    if (node == "state")
        return value.size() == 1 && value[0] >= '1' && value[0] <= '8';
    if (node == XENSND_FIELD_BE_VERSIONS)
        return value.size() <= longest_versions;
    return value.size() <= longest_error &&
           take_card(fmt::format("{}/error/backend/" XENSND_DRIVER_NAME "/{}/", context_.own_path,
                                 domain_)) == "error";
}

void GuestProcess::take_log(const Message &message, Time now)
{
    if (!log_lines_.take(now)) {
        ++lines_lost_;
        return;
    }
    if (lines_lost_ != 0 && losses_told_.take(now))
        log(LogLevel::warning, "dom{}: {} lines above the guest's quota of log-lines were dropped",
            domain_, std::exchange(lines_lost_, 0));
    const auto level = static_cast<LogLevel>(
        std::min(message.number, static_cast<std::uint32_t>(LogLevel::critical)));
    // The line of one guest must not look like that of another, or of the supervisor.
    const std::string own = fmt::format("dom{}", domain_);
    const std::string_view text = message.first;
    const bool is_named = text.starts_with(own) && text.size() > own.size() &&
                          (text[own.size()] == '/' || text[own.size()] == ':');
    log_line(level, is_named ? std::string(text) : fmt::format("{}: {}", own, text));
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_nodes.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocol/sndif.hpp"
#include "server/log.hpp"

namespace sndback {

bool is_card_number(std::string_view text)
{
    return !text.empty() && text.size() < 10 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

GuestNodes::GuestNodes(XenStore &store, const std::string &own_path, const std::string &root,
                       unsigned domain)
    : store_(store),
      domain_(domain),
      is_beside_toolstack_(own_path == "/local/domain/0"),
      directory_(fmt::format("{}/{}", root, domain)),
      errors_(fmt::format("{}/error/backend/" XENSND_DRIVER_NAME "/{}", own_path, domain))
{
}

std::string GuestNodes::node(std::string_view card, std::string_view name) const
{
    return fmt::format("{}/{}/{}", directory_, card, name);
}

std::string GuestNodes::frontend_node(std::string_view card) const
{
    return node(card, "frontend");
}

bool GuestNodes::is_leaving(std::string_view card) const
{
    return store_.read(node(card, "online")) == "0";
}

bool GuestNodes::has_ended(std::string_view card) const
{
    return is_leaving(card) &&
           store_.read(node(card, "state")) == std::to_string(XenbusStateClosed);
}

std::vector<std::string> GuestNodes::cards() const
{
    std::vector<std::string> cards = store_.list(directory_);
    // What is left of a directory that the toolstack has removed is none.
    std::erase_if(cards, [this](const std::string &name) {
        return !is_card_number(name) || !store_.read(frontend_node(name)) || has_ended(name);
    });
    return cards;
}

std::vector<std::string> GuestNodes::leftovers() const
{
    std::vector<std::string> cards;
    if (!is_beside_toolstack_)
        cards = store_.list(directory_);
    std::erase_if(cards, [this](const std::string &name) {
        return !is_card_number(name) || !has_ended(name);
    });
    return cards;
}

void GuestNodes::remove_leftover(const std::string &card)
{
    store_.remove_if(fmt::format("{}/{}", directory_, card),
                     { { "online", "0" }, { "state", std::to_string(XenbusStateClosed) } });
}

bool GuestNodes::is_frontend_state(std::string_view path) const
{
    const std::vector<std::string> names = store_.list(directory_);
    return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
        if (!is_card_number(name))
            return false;
        const std::optional<std::string> frontend = store_.read(frontend_node(name));
        return frontend && path == *frontend + "/state";
    });
}

std::string GuestNodes::own_node(std::string_view name) const
{
    return fmt::format("/local/domain/{}/{}", domain_, name);
}

// A driver domain cannot read them, and XenStore lets it have few watches.
void GuestNodes::watch_identity()
{
    if (!is_beside_toolstack_)
        return;
    for (const std::string &path : { own_node("name"), own_node("vm") }) {
        if (watches_.contains(path))
            continue;
        try {
            watches_.try_emplace(path, store_, path, std::to_string(domain_));
        } catch (const std::runtime_error &error) {
            log(LogLevel::debug, "dom{}: {}", domain_, error.what());
        }
    }
}

GuestIdentity GuestNodes::identity() const
{
    constexpr std::string_view vm = "/vm/";
    const std::string uuid = store_.read(own_node("vm")).value_or("");
    return { domain_, store_.read(own_node("name")).value_or(""),
             uuid.starts_with(vm) ? uuid.substr(vm.size()) : "" };
}

void GuestNodes::close_cards()
{
    for (const std::string &card : cards())
        close_card(card);
}

void GuestNodes::close_card(std::string_view card)
{
    try {
        store_.write_beside(frontend_node(card), node(card, "state"),
                            std::to_string(XenbusStateClosed));
    } catch (const std::runtime_error &error) {
        log(LogLevel::error, "dom{}: {}", domain_, error.what());
    }
}

void GuestNodes::refuse_cards(const std::string &reason, std::vector<std::string> &told)
{
    const std::vector<std::string> before = std::exchange(told, cards());
    for (const std::string &card : told)
        if (is_leaving(card))
            close_card(card);
    try {
        for (const std::string &card : told)
            if (std::find(before.begin(), before.end(), card) == before.end())
                store_.write(fmt::format("{}/{}/error", errors_, card), reason);
    } catch (const std::runtime_error &error) {
        log(LogLevel::error, "dom{}: {}", domain_, error.what());
    }
}

void GuestNodes::forget_errors()
{
    store_.remove(errors_);
}

} // namespace sndback

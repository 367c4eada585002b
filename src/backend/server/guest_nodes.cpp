// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_nodes.hpp"

#include <algorithm>

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
      directory_(fmt::format("{}/{}", root, domain)),
      errors_(fmt::format("{}/error/backend/" XENSND_DRIVER_NAME "/{}", own_path, domain))
{
}

std::string GuestNodes::frontend_node(std::string_view card) const
{
    return fmt::format("{}/{}/frontend", directory_, card);
}

std::vector<std::string> GuestNodes::cards() const
{
    std::vector<std::string> cards = store_.list(directory_);
    // What is left of a directory that the toolstack has removed is none.
    std::erase_if(cards, [this](const std::string &name) {
        return !is_card_number(name) || !store_.read(frontend_node(name));
    });
    return cards;
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

std::string GuestNodes::name_node() const
{
    return fmt::format("/local/domain/{}/name", domain_);
}

GuestIdentity GuestNodes::identity() const
{
    constexpr std::string_view vm = "/vm/";
    const std::string uuid = store_.read(fmt::format("/local/domain/{}/vm", domain_)).value_or("");
    return { domain_, store_.read(name_node()).value_or(""),
             uuid.starts_with(vm) ? uuid.substr(vm.size()) : "" };
}

void GuestNodes::close_cards()
{
    for (const std::string &card : cards()) {
        const std::string state = fmt::format("{}/{}/state", directory_, card);
        try {
            store_.write_beside(frontend_node(card), state, std::to_string(XenbusStateClosed));
        } catch (const std::runtime_error &error) {
            log(LogLevel::error, "dom{}: {}", domain_, error.what());
        }
    }
}

void GuestNodes::refuse_cards(const std::string &reason)
{
    try {
        for (const std::string &card : cards())
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

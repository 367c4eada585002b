// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/guest_identity.hpp"
#include "xenlib/xenstore.hpp"

namespace sndback {

// Whether a name may be that of a card's directory.
[[nodiscard]] bool is_card_number(std::string_view text);

// A guest's nodes in XenStore, on the backend's side.
class GuestNodes {
  public:
    // `own_path` is that of the backend's domain, `root` the directory that has one for each guest.
    GuestNodes(XenStore &store, const std::string &own_path, const std::string &root,
               unsigned domain);

    // Has a directory for each card.
    [[nodiscard]] const std::string &directory() const
    {
        return directory_;
    }
    // Has a directory for each card too, in which `error` says why it is not served.
    [[nodiscard]] const std::string &errors() const
    {
        return errors_;
    }
    // Says where the frontend of a card is.
    [[nodiscard]] std::string frontend_node(std::string_view card) const;
    // Not those that have ended.
    [[nodiscard]] std::vector<std::string> cards() const;

    // Cards that the toolstack has taken away, and that are closed, are for it to remove. In
    // another domain than its own it leaves that to the backend, and waits for it. Those are listed
    // here.
    [[nodiscard]] std::vector<std::string> leftovers() const;
    // Removes one of them, if it still is one. Throws std::runtime_error.
    void remove_leftover(const std::string &card);

    // Whether that is the state node of the frontend of one of them.
    [[nodiscard]] bool is_frontend_state(std::string_view path) const;

    // Only the toolstack writes these nodes; the guest can read them.
    [[nodiscard]] GuestIdentity identity() const;
    // Watches name and UUID, where this domain can read them; the token is the domain. Failures are
    // logged: then a change is seen at the next one of another node.
    void watch_identity();

    // Puts every card into the state Closed. Failures are logged.
    void close_cards();
    // Writes why none of the cards is served, where xl looks for it, but for those that have been
    // `told` so; then it is all of them. Closes those that the toolstack takes away. Failures are
    // logged.
    void refuse_cards(const std::string &reason, std::vector<std::string> &told);
    // Removes what was written there, of cards that are gone.
    void forget_errors();

  private:
    [[nodiscard]] std::string node(std::string_view card, std::string_view name) const;
    [[nodiscard]] bool is_leaving(std::string_view card) const;
    [[nodiscard]] bool has_ended(std::string_view card) const;
    void close_card(std::string_view card);
    [[nodiscard]] std::string own_node(std::string_view name) const;

    XenStore &store_;
    unsigned domain_;
    bool is_beside_toolstack_;
    std::string directory_;
    std::string errors_;
    std::map<std::string, XenStore::Watch> watches_; // by path
};

} // namespace sndback

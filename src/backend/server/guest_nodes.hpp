// SPDX-License-Identifier: GPL-2.0-only
#pragma once

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
    [[nodiscard]] std::vector<std::string> cards() const;

    // Whether that is the state node of the frontend of one of them.
    [[nodiscard]] bool is_frontend_state(std::string_view path) const;

    // Only the toolstack writes these nodes; the guest can read them.
    [[nodiscard]] GuestIdentity identity() const;
    [[nodiscard]] std::string name_node() const;

    // Puts every card into the state Closed. Failures are logged.
    void close_cards();
    // Writes why none of the cards is served, where xl looks for it. Failures are logged.
    void refuse_cards(const std::string &reason);
    // Removes what was written there, of cards that are gone.
    void forget_errors();

  private:
    XenStore &store_;
    unsigned domain_;
    std::string directory_;
    std::string errors_;
};

} // namespace sndback

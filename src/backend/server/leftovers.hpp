// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <map>
#include <optional>
#include <string>

#include "audio/frame_clock.hpp"
#include "server/guest_nodes.hpp"

namespace sndback {

// The directories of a guest's cards that have ended, where they are the backend's to remove. Each
// stays for a moment: libxl waits until it has seen the state of a card that is closed.
class Leftovers {
  public:
    explicit Leftovers(GuestNodes &nodes) : nodes_(nodes)
    {
    }

    // Finds out which there are.
    void look(Time now);
    [[nodiscard]] bool is_empty() const
    {
        return due_.empty();
    }
    // Removes those whose time has come, if they are leftovers still. Whether there were such.
    // Throws std::runtime_error.
    [[nodiscard]] bool remove(Time now);
    // When the next one is to be removed.
    [[nodiscard]] std::optional<Time> deadline() const;

  private:
    GuestNodes &nodes_;
    std::map<std::string, Time> due_; // by the number of the card
};

} // namespace sndback

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
    // When the next one is to be removed.
    [[nodiscard]] std::optional<Time> deadline() const;
    [[nodiscard]] bool is_due(Time now) const
    {
        const std::optional<Time> next = deadline();
        return next && *next <= now;
    }
    // Removes those that are due, if they are leftovers still. Throws std::runtime_error.
    void remove(Time now);

  private:
    GuestNodes &nodes_;
    std::map<std::string, Time> due_; // by the number of the card
};

} // namespace sndback

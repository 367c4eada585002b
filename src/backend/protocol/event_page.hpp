// SPDX-License-Identifier: GPL-2.0-only
//
// The backend's half of a stream's event page (sndif.h, "Back to front events delivery").
#pragma once

#include <cstdint>

#include "protocol/shared.hpp"

namespace sndback {

class EventPage {
  public:
    enum class Put {
        sent, // in the page, the frontend is to be notified
        overwritten, // likewise, in place of the oldest one: this frontend does not confirm events
        full, // not sent, the frontend is behind with confirming. A later position covers it.
        bad_index, // not sent, in_cons is ahead of what was sent: a protocol violation
    };

    // Attaches to a mapped page, going on from the index in it.
    explicit EventPage(std::byte *page);

    // Sends XENSND_EVT_CUR_POS with a position in octets since OPEN.
    [[nodiscard]] Put put_position(std::uint64_t bytes);

    // Number of the last event sent, as in its id field.
    [[nodiscard]] std::uint16_t last_id() const
    {
        return static_cast<std::uint16_t>(produced_ - 1);
    }

  private:
    std::byte *page_;
    SharedIndex shared_consumed_;
    SharedIndex shared_produced_;
    std::uint32_t produced_; // never read back from the page
    std::uint32_t
        initial_consumed_; // while in_cons still has this value, the frontend has confirmed nothing
};

} // namespace sndback

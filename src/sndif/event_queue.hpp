// SPDX-License-Identifier: GPL-2.0-only
// The frontend's half of an event page: sndif.h, "Back to front events delivery".
#pragma once

#include "base/strong.hpp"
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"
#include "sndif/violation.hpp"

namespace xen_front {

// Not locked: the caller's ring lock covers every call.
class EventQueue {
  public:
    // Takes over @page, zeroed, which is granted to the backend but not yet announced to it.
    void attach(SharedPage<wire::EventPage> page);
    void detach();

    // How many events are there to be taken, as many as the page holds at most. A backend need not
    // wait for the frontend to take them (sndif.h, "in_cons"): what was overwritten is lost. A
    // violation in @violation means that the page must not be used any more.
    uint32_t look(Violation &violation);
    // Takes one of those that look() has counted. Whether it is of a known type, a position: then
    // that is in @position, in bytes since OPEN, any number the backend liked.
    [[gnu::always_inline]] bool take(Bytes &position)
    {
        auto event = page_
                         .read_head<wire::EventHead>(&wire::EventPage::events,
                                                     consumed_ % wire::event_ring_size)
                         .validate(is_position);
        consumed_++;
        if (event.is_error())
            return false;
        position = Bytes(event.value().position);
        return true;
    }
    // Tells the backend which events were taken; once, after the last take().
    void acknowledge();

  private:
    static bool is_position(const wire::EventHead &event)
    {
        return event.type == wire::event_current_position;
    }

    SharedPage<wire::EventPage> page_;
    uint32_t consumed_ = 0;
};

} // namespace xen_front

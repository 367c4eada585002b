// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/event_page.hpp"

namespace sndback {

EventPage::EventPage(std::byte *page)
    : page_(page),
      shared_consumed_(page, offsetof(xensnd_event_page, in_cons)),
      shared_produced_(page, offsetof(xensnd_event_page, in_prod)),
      produced_(shared_produced_.load()),
      initial_consumed_(shared_consumed_.load())
{
}

EventPage::Put EventPage::put_position(std::uint64_t bytes)
{
    constexpr std::uint32_t length = XENSND_IN_RING_LEN;
    const std::uint32_t consumed = shared_consumed_.load();
    const std::uint32_t unconfirmed = produced_ - consumed;
    auto result = Put::sent;

    // "front may confirm its reception for either each event, group of events or none": only a
    // frontend that confirms at all can be waited for.
    if (consumed == initial_consumed_) {
        if (unconfirmed >= length)
            result = Put::overwritten;
    } else if (unconfirmed > length) {
        return Put::bad_index;
    } else if (unconfirmed == length) {
        return Put::full;
    }

    xensnd_evt event {};
    event.id = static_cast<std::uint16_t>(produced_);
    event.type = XENSND_EVT_CUR_POS;
    event.op.cur_pos.position = bytes;
    store_packet(page_ + XENSND_IN_RING_OFFS + (produced_ % length) * sizeof(event), event);
    shared_produced_.store(++produced_);
    return result;
}

} // namespace sndback

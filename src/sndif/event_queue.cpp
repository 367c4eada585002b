// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/event_queue.hpp"

namespace xen_front {

void EventQueue::attach(SharedPage<wire::EventPage> page)
{
    page_ = page;
    consumed_ = 0;
    page_.index(&wire::EventPage::in_prod).store(0);
    page_.index(&wire::EventPage::in_cons).store(0);
}

void EventQueue::detach()
{
    page_ = {};
    consumed_ = 0;
}

bool EventQueue::take(Bytes &position, Violation &violation)
{
    auto produced = page_.index(&wire::EventPage::in_prod).load().validate([&](uint32_t in_prod) {
        return in_prod - consumed_ <= wire::event_ring_size;
    });
    if (produced.is_error()) {
        violation = Violation::EventIndex;
        return false;
    }
    while (consumed_ != produced.value()) {
        auto copied = page_.read(&wire::EventPage::events, consumed_ % wire::event_ring_size);
        consumed_++;
        auto event = copied.validate(
            [](const wire::Event &copy) { return copy.type == wire::event_current_position; });
        if (!event.is_error()) {
            position = Bytes(event.value().position);
            return true;
        }
    }
    return false;
}

void EventQueue::acknowledge()
{
    page_.index(&wire::EventPage::in_cons).store(consumed_);
}

} // namespace xen_front

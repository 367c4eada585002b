// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/event_queue.hpp"

#include "sndif/shared_memory.hpp"

namespace xen_front {

void EventQueue::attach(wire::EventPage *page)
{
    page_ = page;
    consumed_ = 0;
    SharedIndex(&page_->in_prod).store(0);
    SharedIndex(&page_->in_cons).store(0);
}

void EventQueue::detach()
{
    page_ = nullptr;
    consumed_ = 0;
}

bool EventQueue::take(Bytes &position, Violation &violation)
{
    auto produced = SharedIndex(&page_->in_prod).load().validate([&](uint32_t in_prod) {
        return in_prod - consumed_ <= wire::event_ring_size;
    });
    if (produced.is_error()) {
        violation = Violation::EventIndex;
        return false;
    }
    while (consumed_ != produced.value()) {
        const wire::Event *slot = &page_->events[consumed_ % wire::event_ring_size];
        consumed_++;
        auto event = snapshot(slot).validate(
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
    SharedIndex(&page_->in_cons).store(consumed_);
}

} // namespace xen_front

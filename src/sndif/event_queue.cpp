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
}

uint32_t EventQueue::look(Violation &violation)
{
    constexpr uint32_t backwards = uint32_t { 1 } << 31;
    auto produced = page_.index(&wire::EventPage::in_prod).load().validate([&](uint32_t in_prod) {
        return in_prod - consumed_ < backwards;
    });
    if (produced.is_error()) {
        violation = Violation::EventIndex;
        return 0;
    }
    const uint32_t count = min(produced.value() - consumed_, wire::event_ring_size);
    consumed_ = produced.value() - count;
    return count;
}

void EventQueue::acknowledge()
{
    page_.index(&wire::EventPage::in_cons).store(consumed_);
}

} // namespace xen_front

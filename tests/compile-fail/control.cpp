// SPDX-License-Identifier: GPL-2.0-only
// What the rules allow: it has to compile, or the other examples would prove nothing.
// expected-no-diagnostics
#include "base/result.hpp"
#include "base/strong.hpp"
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

using namespace xen_front;

Result<uint32_t> take(SharedPage<wire::EventPage> page, uint32_t consumed)
{
    auto produced = page.index(&wire::EventPage::in_prod).load().validate([&](uint32_t in_prod) {
        return in_prod - consumed <= wire::event_ring_size;
    });
    const uint32_t end = TRY(move(produced));
    auto event = page.read(&wire::EventPage::events, 0).validate([](const wire::Event &copy) {
        return copy.type == wire::event_current_position;
    });
    const Bytes position(TRY(move(event)).position);
    return end + static_cast<uint32_t>(FrameSize(32).frames(position).value());
}

Result<uint32_t> take_from(wire::EventPage &page)
{
    return take(&page, 0);
}

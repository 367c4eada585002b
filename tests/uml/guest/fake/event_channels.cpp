// SPDX-License-Identifier: GPL-2.0-only
#include "fake/event_channels.hpp"

namespace xen_front::fake {

kshim_event_channel *EventChannels::find(uint16_t, uint32_t port)
{
    const auto known = channels_.find(port);
    if (known != channels_.end())
        return &known->second;
    if (xen_.call(FAKE_XEN_BIND, port) != 0)
        return nullptr;
    return &channels_[port];
}

void EventChannels::raise(uint16_t, uint32_t port)
{
    xen_.call(FAKE_XEN_NOTIFY, port);
}

void EventChannels::notified(uint32_t port)
{
    const auto channel = channels_.find(port);
    if (channel != channels_.end() && channel->second.peer)
        channel->second.peer();
}

size_t EventChannels::open_count() const
{
    fake_xen_counts counts = {};
    xen_.call(FAKE_XEN_COUNTS, counts);
    return counts.channels;
}

fake_xen_channel EventChannels::describe(uint32_t port) const
{
    fake_xen_channel channel = {};
    channel.port = port;
    xen_.call(FAKE_XEN_CHANNEL, channel);
    return channel;
}

} // namespace xen_front::fake

// SPDX-License-Identifier: GPL-2.0-only
#include "fake/event_channels.hpp"

#include <algorithm>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

namespace xen_front::fake {

namespace {

using State = kshim_event_channel::State;

// A kernel with HZ=250, for how long spurious events are held back: by Linux, and more than eight
// in a row by the shim, 10 ms in ticks.
constexpr Duration tick = std::chrono::milliseconds(4);
constexpr unsigned int spurious_max = 8;
constexpr Duration hold = 3 * tick;

} // namespace

kshim_event_channel *EventChannels::open(uint16_t domain, const std::string &name,
                                         kshim_event_handler handler, void *context)
{
    auto channel = std::make_unique<kshim_event_channel>();
    channel->handler = handler;
    channel->context = context;
    channel->name = name;
    channel->domain = domain;
    channel->port = next_port_++;
    channels_.push_back(std::move(channel));
    return channels_.back().get();
}

bool EventChannels::is_usable(const kshim_event_channel *channel, const char *what)
{
    if (channel != nullptr && channel->state != State::Closed)
        return true;
    report_fault(std::string(what) + " of an event channel that is closed");
    return false;
}

void EventChannels::close(kshim_event_channel *channel)
{
    if (is_usable(channel, "kshim_event_channel_close()"))
        channel->state = State::Closed;
}

kshim_event_channel *EventChannels::find(uint16_t domain, uint32_t port) const
{
    for (const auto &channel : channels_) {
        if (channel->port == port && channel->domain == domain && channel->state != State::Closed)
            return channel.get();
    }
    return nullptr;
}

void EventChannels::raise(uint16_t domain, uint32_t port)
{
    kshim_event_channel *channel = find(domain, port);
    if (channel == nullptr)
        return;
    if (channel->state == State::Active || channel->is_masked) {
        channel->is_pending = true;
        return;
    }
    channel->state = State::Active;
    Kernel::current().context.run_interrupt([this, channel] { interrupt(*channel); });
}

void EventChannels::interrupt(kshim_event_channel &channel)
{
    if (channel.state == State::Closed)
        return;
    // The driver has masked it since the backend raised it.
    if (channel.is_masked) {
        channel.state = State::Idle;
        channel.is_pending = true;
        return;
    }
    channel.interrupts++;
    channel.last_result = channel.handler(channel.context);
    Duration delay(0);
    switch (channel.last_result) {
    case KSHIM_EVENT_HANDLED:
        channel.spurious = 0;
        break;
    case KSHIM_EVENT_SPURIOUS:
        channel.spurious_interrupts++;
        if (channel.spurious >= spurious_max) {
            delay = hold;
            break;
        }
        channel.spurious++;
        // The first in a row is free. Linux takes the one behind a delay for the first.
        delay = channel.spurious % 2 == 0 ? tick : Duration(0);
        break;
    case KSHIM_EVENT_BROKEN:
        return; // never acknowledged
    default:
        report_fault("an interrupt handler returned no kshim_event_result");
        return;
    }
    if (delay == Duration(0))
        acknowledge(channel);
    else
        Kernel::current().timeline.after(delay, [this, &channel] { acknowledge(channel); });
}

void EventChannels::acknowledge(kshim_event_channel &channel)
{
    if (channel.state != State::Active)
        return;
    channel.state = State::Idle;
    raise_pending(channel);
}

void EventChannels::raise_pending(kshim_event_channel &channel)
{
    if (channel.is_pending && !channel.is_masked && channel.state == State::Idle) {
        channel.is_pending = false;
        raise(channel.domain, channel.port);
    }
}

void EventChannels::set_masked(kshim_event_channel *channel, bool is_masked)
{
    if (!is_usable(channel, "masking"))
        return;
    if (channel->is_masked == is_masked)
        report_fault("an event channel is masked, or unmasked, a second time");
    channel->is_masked = is_masked;
    // The interrupt comes when the caller has released its locks: they keep interrupts off.
    raise_pending(*channel);
}

void EventChannels::sever_all()
{
    for (const auto &channel : channels_) {
        channel->port = 0;
        channel->peer = nullptr;
    }
}

size_t EventChannels::open_count() const
{
    return static_cast<size_t>(
        std::count_if(channels_.begin(), channels_.end(),
                      [](const auto &channel) { return channel->state != State::Closed; }));
}

uint64_t EventChannels::interrupts(uint16_t domain, uint32_t port) const
{
    const kshim_event_channel *channel = find(domain, port);
    return channel == nullptr ? 0 : channel->interrupts;
}

std::string EventChannels::leaks() const
{
    std::string text;
    for (const auto &channel : channels_) {
        if (channel->state != State::Closed)
            text += "event channel " + channel->name + "\n";
    }
    return text;
}

} // namespace xen_front::fake

using namespace xen_front::fake;

int kshim_event_channel_open(kshim_xenbus_device *device, const char *name,
                             kshim_event_handler handler, void *context,
                             kshim_event_channel **channel)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_event_channel_open()");
    if (kernel.injector.is_failing("kshim_event_channel_open", -ENOSPC))
        return -ENOSPC;
    *channel = kernel.event_channels.open(device->backend_domain, name, handler, context);
    return 0;
}

uint32_t kshim_event_channel_port(const kshim_event_channel *channel)
{
    return EventChannels::is_usable(channel, "kshim_event_channel_port()") ? channel->port : 0;
}

void kshim_event_channel_notify(kshim_event_channel *channel)
{
    if (!EventChannels::is_usable(channel, "kshim_event_channel_notify()"))
        return;
    channel->notifications++;
    if (channel->peer)
        channel->peer();
}

void kshim_event_channel_mask(kshim_event_channel *channel)
{
    Kernel::current().event_channels.set_masked(channel, true);
}

void kshim_event_channel_unmask(kshim_event_channel *channel)
{
    Kernel::current().event_channels.set_masked(channel, false);
}

void kshim_event_channel_synchronize(kshim_event_channel *channel)
{
    Kernel::current().context.require_may_sleep("kshim_event_channel_synchronize()");
    EventChannels::is_usable(channel, "kshim_event_channel_synchronize()");
}

void kshim_event_channel_close(kshim_event_channel *channel)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_event_channel_close()");
    kernel.event_channels.close(channel);
}

// SPDX-License-Identifier: GPL-2.0-only
#include "driver/channel.hpp"

namespace xen_front {

Result<Box<Channel>> Channel::create(XenbusDevice device, StringView name,
                                     kshim_event_handler handler, void *context)
{
    auto channel = TRY(Box<Channel>::create());
    channel->ring_page_ = TRY(GrantedPage::create(device.backend_domain()));
    channel->event_page_ = TRY(GrantedPage::create(device.backend_domain()));

    Text<64> requests_name;
    requests_name << name << "-req";
    channel->requests_ =
        TRY(EventChannel::create(device, requests_name.c_string(), handler, context));
    Text<64> events_name;
    events_name << name << "-evt";
    channel->events_ = TRY(EventChannel::create(device, events_name.c_string(), handler, context));
    return move(channel);
}

Result<void> Channel::publish(XenStoreTransaction &transaction, const char *directory) const
{
    TRY(transaction.write(directory, field::ring_reference, ring_page_.reference().value()));
    TRY(transaction.write(directory, field::event_channel, requests_.port()));
    TRY(transaction.write(directory, field::event_ring_reference, event_page_.reference().value()));
    TRY(transaction.write(directory, field::event_ring_channel, events_.port()));
    return {};
}

} // namespace xen_front

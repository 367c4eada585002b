// SPDX-License-Identifier: GPL-2.0-only
#include "driver/transport.hpp"

namespace xen_front {

Result<Box<Transport>> Transport::create(XenbusDevice device, StringView name,
                                         const TransportHandlers &handlers)
{
    auto transport = TRY(Box<Transport>::create());
    transport->ring_page_ = TRY(GrantedPage::create(device.backend_domain()));
    transport->event_page_ = TRY(GrantedPage::create(device.backend_domain()));

    Text<64> requests_name;
    requests_name << name << "-req";
    transport->requests_ = TRY(EventChannel::create(device, requests_name.c_string(),
                                                    handlers.on_response, handlers.context));
    Text<64> events_name;
    events_name << name << "-evt";
    transport->events_ = TRY(
        EventChannel::create(device, events_name.c_string(), handlers.on_event, handlers.context));
    return move(transport);
}

Result<void> Transport::publish(XenStoreTransaction &transaction, const char *directory) const
{
    TRY(transaction.write(directory, field::ring_reference, ring_page_.reference().value()));
    TRY(transaction.write(directory, field::event_channel, requests_.port()));
    TRY(transaction.write(directory, field::event_ring_reference, event_page_.reference().value()));
    TRY(transaction.write(directory, field::event_ring_channel, events_.port()));
    return {};
}

} // namespace xen_front

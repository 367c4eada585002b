// SPDX-License-Identifier: GPL-2.0-only
// The transport of one stream for one connection: sndif.h, "Stream Request Transport Parameters"
// and "Stream Event Transport Parameters".
#pragma once

#include "driver/deferred_list.hpp"
#include "kernel/event_channel.hpp"
#include "kernel/granted_page.hpp"
#include "kernel/xenbus_device.hpp"
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

namespace xen_front {

// Who serves the interrupts of a transport.
struct TransportHandlers {
    kshim_event_handler on_response;
    kshim_event_handler on_event;
    void *context;
};

class Transport {
  public:
    // @name is for /proc/interrupts. Context: may sleep.
    static Result<Box<Transport>> create(XenbusDevice device, StringView name,
                                         const TransportHandlers &handlers);

    // Writes the transport's XenStore nodes below @directory. Context: may sleep.
    Result<void> publish(XenStoreTransaction &transaction, const char *directory) const;

    SharedPage<wire::RingPage> ring_page() const
    {
        return ring_page_.as<wire::RingPage>();
    }
    SharedPage<wire::EventPage> event_page() const
    {
        return event_page_.as<wire::EventPage>();
    }
    // Tells the backend about new requests. Context: any.
    void notify() const
    {
        requests_.notify();
    }
    // Whether events interrupt: see EventChannel::set_masked().
    void set_events_masked(bool is_masked) const
    {
        events_.set_masked(is_masked);
    }
    // Has a live migration transfer the events that the backend has written so far. Context: any.
    void touch_events() const
    {
        event_page_.touch();
    }
    // Waits for interrupt handlers that run now. Context: may sleep.
    void synchronize() const
    {
        requests_.synchronize();
        events_.synchronize();
    }

    // Closes both event channels: no handler runs any more. Context: may sleep.
    void close()
    {
        requests_ = EventChannel();
        events_ = EventChannel();
    }
    // Frees the pages that the backend no longer maps; false when it still maps one. After close().
    bool try_end()
    {
        const bool is_ring_ended = ring_page_.try_end();
        return event_page_.try_end() && is_ring_ended;
    }

  private:
    friend class DeferredList<Transport>;

    DeferredLink<Transport> deferred_;
    // The pages outlive the event channels, whose handlers read them.
    GrantedPage ring_page_;
    GrantedPage event_page_;
    EventChannel requests_;
    EventChannel events_;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// An event channel to the backend.
#pragma once

#include "base/result.hpp"
#include "kernel/xenbus_device.hpp"
#include "kshim/event_channel.h"

namespace xen_front {

// Open from create() until it is destroyed, after which its handler does not run any more.
class EventChannel {
  public:
    EventChannel() = default;
    EventChannel(EventChannel &&other) : channel_(exchange(other.channel_, nullptr))
    {
    }
    EventChannel &operator=(EventChannel &&other)
    {
        if (this != &other) {
            close();
            channel_ = exchange(other.channel_, nullptr);
        }
        return *this;
    }
    ~EventChannel()
    {
        close();
    }

    // @handler is called in interrupt context with @context, perhaps before this returns. @name is
    // for /proc/interrupts. Context: may sleep.
    static Result<EventChannel> create(XenbusDevice device, const char *name,
                                       kshim_event_handler handler, void *context)
    {
        EventChannel channel;
        TRY(Result<void>::from_status(
            kshim_event_channel_open(device.handle(), name, handler, context, &channel.channel_)));
        return move(channel);
    }

    uint32_t port() const
    {
        return kshim_event_channel_port(channel_);
    }
    // Context: any.
    void notify() const
    {
        kshim_event_channel_notify(channel_);
    }
    // Whether events interrupt; they do when it is created. To be changed by one caller at a time,
    // and to what it is not. Context: any.
    void set_masked(bool is_masked) const
    {
        if (is_masked)
            kshim_event_channel_mask(channel_);
        else
            kshim_event_channel_unmask(channel_);
    }
    // Waits for handlers that run now. Context: may sleep.
    void synchronize() const
    {
        kshim_event_channel_synchronize(channel_);
    }

  private:
    void close()
    {
        if (channel_ != nullptr)
            kshim_event_channel_close(exchange(channel_, nullptr));
    }

    kshim_event_channel *channel_ = nullptr;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

struct xenevtchn_handle;

namespace sndback {

// The event channels of one stream. Closing it closes the channels.
class EventChannels {
  public:
    // Throws std::runtime_error if /dev/xen/evtchn cannot be used.
    EventChannels();

    // Connects to a port that the other domain has allocated and returns the local one. Throws
    // std::runtime_error.
    [[nodiscard]] unsigned bind(unsigned domain, std::uint32_t remote_port);

    // Never fails in a way that matters: a channel whose other end has gone has nobody to tell.
    void notify(unsigned port);

    // Closes the local port, and with it the channel.
    void unbind(unsigned port);

    // Readable when a notification has come.
    [[nodiscard]] int descriptor() const;
    // Takes one notification and lets the next one come. Nothing if there is none.
    [[nodiscard]] std::optional<unsigned> take();

  private:
    struct Closer {
        void operator()(xenevtchn_handle *handle) const;
    };
    std::unique_ptr<xenevtchn_handle, Closer> handle_;
};

} // namespace sndback

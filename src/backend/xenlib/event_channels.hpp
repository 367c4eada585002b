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
    // For channels to one domain only, if the kernel can restrict it to that; see is_restricted().
    // Throws std::runtime_error if /dev/xen/evtchn cannot be used.
    explicit EventChannels(unsigned domain);

    // Connects to a port that the domain has allocated and returns the local one. Throws
    // std::runtime_error.
    [[nodiscard]] unsigned bind(std::uint32_t remote_port);

    [[nodiscard]] bool is_restricted() const
    {
        return restricted_;
    }

    // Never fails in a way that matters: a channel whose other end has gone has no domain to tell.
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
    unsigned domain_;
    std::unique_ptr<xenevtchn_handle, Closer> handle_;
    bool restricted_;
};

} // namespace sndback

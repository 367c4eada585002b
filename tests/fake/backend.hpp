// SPDX-License-Identifier: GPL-2.0-only
// A backend for one device: its side of the state machine, and its streams.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "fake/backend_stream.hpp"

namespace xen_front::fake {

class Backend {
  public:
    Backend(Kernel &kernel, XenbusDevice &device) : kernel_(kernel), device_(device)
    {
    }
    ~Backend();
    Backend(const Backend &) = delete;
    Backend &operator=(const Backend &) = delete;

    // Called with each stream once it is attached: sets how it behaves.
    std::function<void(BackendStream &)> on_attach;

    // Goes to InitWait: the frontend may read its configuration and publish its transports.
    void wait_for_frontend();
    // Attaches to all that the frontend published, and goes to Connected.
    void connect();
    void publish(wire::XenbusState state);
    // Unmaps all pages and unbinds all event channels.
    void detach();

    // Stream @number of device @device: directories in XenStore. A fault when it is not there.
    BackendStream &stream(unsigned int device = 0, unsigned int number = 0);
    size_t stream_count() const
    {
        return streams_.size();
    }
    // What the frontend published in @directory below its own.
    TransportNodes transport(const std::string &directory) const;

  private:
    Kernel &kernel_;
    XenbusDevice &device_;
    std::map<std::string, std::unique_ptr<BackendStream>> streams_; // by directory
};

} // namespace xen_front::fake

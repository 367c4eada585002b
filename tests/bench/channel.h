// SPDX-License-Identifier: GPL-2.0-only
// An event channel between a process of this domain and one of another.
#pragma once

#include <cstdint>
#include <memory>

struct xenevtchn_handle;

namespace bench {

// All functions throw selftest::Failure.
class Channel {
  public:
    // Lets @domain connect to this end.
    static Channel offer(uint32_t domain);
    // Connects to the end that @domain offers as @remote_port.
    static Channel connect(uint32_t domain, uint32_t remote_port);

    uint32_t port() const
    {
        return port_;
    }
    void notify() const;
    // Sleeps until the other end has notified.
    void wait() const;

  private:
    struct Closer {
        void operator()(xenevtchn_handle *handle) const;
    };
    Channel();

    std::unique_ptr<xenevtchn_handle, Closer> handle_;
    uint32_t port_ = 0;
};

} // namespace bench

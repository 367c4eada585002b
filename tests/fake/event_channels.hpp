// SPDX-License-Identifier: GPL-2.0-only
// Event channels with late EOI.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kshim/event_channel.h"

struct kshim_event_channel {
    // How far an event has got.
    enum class State : uint8_t {
        Idle, // acknowledged
        Active, // raised: its handler is due or runs, or it is not acknowledged yet
        Closed,
    };

    kshim_event_handler handler;
    void *context;
    std::string name;
    uint32_t port;
    uint16_t domain; // at the other end
    State state;
    bool is_masked;
    bool is_pending; // another event came while this one was active, or masked
    unsigned int spurious; // in a row

    // Counts for tests.
    uint64_t notifications; // to the other end
    uint64_t interrupts; // that were handled
    uint64_t spurious_interrupts;
    kshim_event_result last_result;
    std::function<void()> peer; // the other end, told about notifications
};

namespace xen_front::fake {

class EventChannels {
  public:
    kshim_event_channel *open(uint16_t domain, const std::string &name, kshim_event_handler handler,
                              void *context);
    void close(kshim_event_channel *channel);
    void set_masked(kshim_event_channel *channel, bool is_masked);
    // False, after a fault, for one that was closed.
    static bool is_usable(const kshim_event_channel *channel, const char *what);

    // ---- the other end ----

    // The open channel of @port to @domain; nullptr when there is none.
    kshim_event_channel *find(uint16_t domain, uint32_t port) const;
    // Interrupts this end; does nothing when the port was closed.
    void raise(uint16_t domain, uint32_t port);

    // The guest was restored: nothing is at the other end any more.
    void sever_all();

    size_t open_count() const;
    // How often @port has interrupted this end.
    uint64_t interrupts(uint16_t domain, uint32_t port) const;
    // One line for each channel that was not closed.
    std::string leaks() const;

  private:
    void interrupt(kshim_event_channel &channel);
    void acknowledge(kshim_event_channel &channel);
    void raise_pending(kshim_event_channel &channel);

    std::vector<std::unique_ptr<kshim_event_channel>> channels_; // all that there ever were
    uint32_t next_port_ = 17;
};

} // namespace xen_front::fake

// SPDX-License-Identifier: GPL-2.0-only
// A kernel for host tests: implements include/kshim in a process, keeps track of every resource,
// and insists on the kernel's rules.
#pragma once

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "fake/context.hpp"
#include "fake/event_channels.hpp"
#include "fake/heap.hpp"
#include "fake/injector.hpp"
#include "fake/locks.hpp"
#include "fake/physical_memory.hpp"
#include "fake/sound.hpp"
#include "fake/timeline.hpp"
#include "fake/trace.hpp"
#include "fake/work.hpp"
#include "fake/xenbus.hpp"
#include "fake/xenstore.hpp"

namespace xen_front::fake {

// The lock class of the driver's ring locks.
inline constexpr const char *ring_lock_class = "ring";

// There is one at a time: kshim's functions find it by current().
class Kernel {
  public:
    Kernel();
    ~Kernel();
    Kernel(const Kernel &) = delete;
    Kernel &operator=(const Kernel &) = delete;
    static Kernel &current();

    // Has the toolstack add device/vsnd/@number with a backend in domain @backend_domain.
    XenbusDevice &add_device(unsigned int number = 0, uint16_t backend_domain = 0);

    // One line for each thing that was taken and not given back, or is still held.
    // Unloads the driver first, if nothing uses it.
    std::string leaks();
    void expect_no_leaks();

    // What xen_front_load() returned, which the first call calls; nullptr without memory.
    void *driver();

    Context context;
    Timeline timeline { context };
    Works works { timeline, context };
    Injector injector;
    Heap heap;
    Locks locks;
    PhysicalMemory memory;
    XenStore store;
    EventChannels event_channels;
    SoundCore sound;
    Trace trace;
    unsigned int request_timeout_ms = 1000; // the module's parameters
    unsigned int reconnect_timeout_ms = 10000;
    unsigned int period_min_us = 500;
    unsigned int position_step_us = 5000;
    char xenwatch = 0; // its address is the lock
    bool is_shutting_down = false;

    // As rmmod: nothing happens while a device is bound or a card is there.
    void unload_driver();

  private:
    void *driver_ = nullptr;
    std::vector<std::unique_ptr<XenbusDevice>> devices_;
};

} // namespace xen_front::fake

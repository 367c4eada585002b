// SPDX-License-Identifier: GPL-2.0-only
// The classes of tests/fake over the kernel that this runs in: what is written for one runs on
// both. Headers of this directory take precedence over those of tests/fake.
#pragma once

#include <string>
#include <vector>

#include "fake/event_channels.hpp"
#include "fake/physical_memory.hpp"
#include "fake/sound.hpp"
#include "fake/timeline.hpp"
#include "fake/world.hpp"
#include "fake/xenbus.hpp"
#include "fake/xenstore.hpp"

namespace xen_front::fake {

// One at a time.
class Kernel {
  public:
    Kernel();
    // Removes the device.
    ~Kernel();
    Kernel(const Kernel &) = delete;
    Kernel &operator=(const Kernel &) = delete;
    static Kernel &current();

    // Has the toolstack add device/vsnd/@number with a backend in domain @backend_domain. The bus
    // does not find it before probe().
    XenbusDevice &add_device(unsigned int number = 0, uint16_t backend_domain = 0);
    // One line for each thing that the driver took and did not give back.
    std::string leaks();
    void expect_no_leaks();
    // The module's parameter @name.
    static void set_parameter(const std::string &name, unsigned int value);
    // The records of the kernel's log since the last call, or since this was made.
    std::vector<std::string> read_log();

    FakeXen xen;
    World world;
    Timeline timeline { world };
    PhysicalMemory memory { xen };
    XenStore store { xen, world };
    EventChannels event_channels { xen };
    SoundCore sound;

  private:
    XenbusDevice device_;
    const int log_;
};

} // namespace xen_front::fake

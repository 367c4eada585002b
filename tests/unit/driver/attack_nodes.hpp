// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "attack/store_target.h"
#include "driver_test.hpp"

namespace xen_front::test {

// XenStore nodes of the device under test, as an attack sees them.
class FakeCardNodes final : public sndback::StoreTarget {
  public:
    FakeCardNodes(fake::Kernel &kernel, fake::XenbusDevice &device);

    const std::vector<std::string> &configuration() const override
    {
        return configuration_;
    }
    void write(const std::string &path, const std::string &value) override;
    void remove(const std::string &path) override;
    void pause(unsigned milliseconds) override;
    // Restores the nodes from the start; those that the driver or the bus changes, only if missing.
    void restore();
    // How many there were so far.
    unsigned changes() const
    {
        return changes_;
    }

  private:
    void tell_driver(const std::string &path);
    fake::Kernel &kernel_;
    fake::XenbusDevice &device_;
    fake::XenStore::Nodes at_start_;
    fake::XenStore::Nodes backend_at_start_;
    std::vector<std::string> configuration_;
    unsigned changes_ = 0;
};

} // namespace xen_front::test

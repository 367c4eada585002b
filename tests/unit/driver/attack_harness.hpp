// SPDX-License-Identifier: GPL-2.0-only
// The attacks of tests/backend/attack, carried out by the fake backend.
#pragma once

#include "attack/attack.h"
#include "attack/store_target.h"
#include "driver_test.hpp"

namespace xen_front::test {

using sndback::Attack;

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

  private:
    void tell_driver(const std::string &path);
    fake::Kernel &kernel_;
    fake::XenbusDevice &device_;
    fake::XenStore::Nodes at_start_;
    fake::XenStore::Nodes backend_at_start_;
    std::vector<std::string> configuration_;
};

// A card with a playback and a capture stream, and applications that use both.
class AttackHarness : public DriverTest {
  protected:
    AttackHarness();
    ~AttackHarness() override;

    // Connects to a backend that carries out @attack.
    void connect_to(const Attack &attack);
    // Applications come and go under the attack. Their calls may return anything, but none may take
    // longer than the driver's time-outs.
    void live_through(const Attack &attack);
    // The hostile backend is gone, and a good one comes.
    void connect_to_good_backend();
    void expect_working_card();

    uint64_t interrupts() const;

  private:
    void install(const Attack &attack, BackendStream &stream);
    void plan_background(const Attack &attack, std::shared_ptr<sndback::StreamTarget> target);
    void use_playback();
    void use_capture();
    void use_store(const Attack &attack);
    void serve_frontend();
    void bounded(const std::function<void()> &call);

    std::unique_ptr<FakeCardNodes> nodes_;
    std::vector<void *> kept_;
    std::vector<fake::Timeline::Plan> plans_;
    bool is_attacking_ = false;
    bool has_vanished_ = false;
    fake::Duration attacked_at_ {};
};

} // namespace xen_front::test

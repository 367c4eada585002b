// SPDX-License-Identifier: GPL-2.0-only
// The attacks of tests/backend/attack, carried out by the fake backend.
#pragma once

#include "attack/attack.h"
#include "attack_nodes.hpp"
#include "attack_strikes.hpp"
#include "driver_test.hpp"

namespace xen_front::test {

using sndback::Attack;

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

    // The hooks of @attack that have done nothing so far, by their names.
    std::string idle_hooks(const Attack &attack) const
    {
        return strikes_.missing(attack);
    }

    uint64_t interrupts() const;

  private:
    void install(const Attack &attack, BackendStream &stream);
    void plan_background(const Attack &attack, BackendStream &stream,
                         std::shared_ptr<sndback::StreamTarget> target);
    std::vector<uint8_t> copy_of_kept_pages() const;
    void use_playback();
    void use_capture();
    void use_store(const Attack &attack);
    void serve_frontend();
    void start_over();
    void end_plans();
    void bounded(const std::function<void()> &call);

    std::unique_ptr<FakeCardNodes> nodes_;
    AttackStrikes strikes_;
    std::vector<void *> kept_; // pages of connections that are over, which the backend still maps
    std::vector<fake::Timeline::Plan> plans_;
    bool is_attacking_ = false;
    bool has_vanished_ = false;
    fake::Duration attacked_at_ {};
};

} // namespace xen_front::test

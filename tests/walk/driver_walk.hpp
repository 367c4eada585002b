// SPDX-License-Identifier: GPL-2.0-only
// An application, a backend and interrupts do anything in any order, step by step.
#pragma once

#include <memory>
#include <optional>

#include "fake/backend.hpp"
#include "fake/pcm_file.hpp"
#include "support/choices.hpp"

namespace xen_front::test {

// What the world around the driver is like.
enum class World : uint8_t {
    Moody, // slow, forgetful and full of errors, but within the protocol
    Hostile, // a backend that writes what it likes into shared pages and XenStore, and memory that
             // runs out
};

// Whatever happens, no rule of the fake kernel is broken, no call takes longer than its time-outs,
// no lock stays held, and nothing is left behind: anything else is a fault.
class DriverWalk {
  public:
    DriverWalk(Choices &choices, kshim_direction direction, World world);
    ~DriverWalk();
    DriverWalk(const DriverWalk &) = delete;
    DriverWalk &operator=(const DriverWalk &) = delete;

    void step();
    // Checks that each state in the trace goes on from the one before, and that the last is the
    // stream's state now. Records from the first call on.
    void check_states();
    // Application, device and backend end; what is left then was leaked.
    void end();

  private:
    unsigned int pick(unsigned int count)
    {
        return choices_.pick(count);
    }
    fake::BackendStream &stream()
    {
        return backend_.stream(0, 0);
    }
    wire::XenbusState state() const
    {
        return fake::frontend_state(device_);
    }
    void take_step();
    void step_application();
    void transfer();
    void step_mixer();
    void step_backend();
    void step_hostile_backend();
    void send_any_response();
    void send_any_event();
    void start_over();
    void reconnect();
    void rebind();

    Choices &choices_;
    const kshim_direction direction_;
    const World world_;
    fake::Kernel kernel_;
    fake::XenbusDevice &device_;
    fake::Backend backend_;
    std::unique_ptr<fake::PcmFile> file_;
    // The backend has spoilt the request ring: it cannot serve it any more.
    bool is_ring_spoilt_ = false;
    std::optional<std::pair<std::string, std::string>> traced_state_; // of run and link
};

} // namespace xen_front::test

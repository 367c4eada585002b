// SPDX-License-Identifier: GPL-2.0-only
// The other end of the stress: a toolstack and a backend that come and go all the time.
#pragma once

#include <string>
#include <vector>

#include "fake/backend.hpp"
#include "stress/system_calls.hpp"

namespace xen_front::stress {

class OtherEnd {
  public:
    explicit OtherEnd(unsigned int seed);
    ~OtherEnd();
    OtherEnd(const OtherEnd &) = delete;
    OtherEnd &operator=(const OtherEnd &) = delete;

    // Does something to the card, and lets a moment pass.
    void step();
    // That the card works, as if nothing had happened to it, and that nothing is left of it.
    void check();
    // What was wrong; empty if nothing.
    const std::vector<std::string> &failures() const
    {
        return failures_;
    }
    // How often the backend was replaced.
    unsigned int connections() const
    {
        return connections_;
    }

  private:
    void fail(const std::string &what)
    {
        failures_.push_back(what);
    }
    void come_back();
    void connect();
    void leave();
    void rebind();
    void interrupt();
    void check_playback();
    void check_capture();

    Random random_;
    std::vector<std::string> failures_;
    unsigned int connections_ = 0;
    fake::Kernel kernel_;
    fake::XenbusDevice &device_;
    fake::Backend backend_;
};

} // namespace xen_front::stress

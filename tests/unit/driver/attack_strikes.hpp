// SPDX-License-Identifier: GPL-2.0-only
// Which hooks of an attack have done something. One that is called and leaves everything as it was
// does not count: it waits for what the applications under attack never do.
#pragma once

#include <array>
#include <cstring>
#include <string>

#include "attack/attack.h"
#include "fake/backend_stream.hpp"

namespace xen_front::test {

struct AttackStrikes {
    bool on_answer = false;
    bool late_operation = false;
    bool after_answer = false;
    bool on_position = false;
    bool background = false;
    bool keeps_mappings = false;
    bool store = false;

    unsigned actions = 0; // interrupts, and whatever else a hook does to a stream by no page of it

    // The hooks of @attack that have done nothing, each with a blank behind it.
    std::string missing(const sndback::Attack &attack) const
    {
        std::string names;
        const auto look_at = [&names](const char *name, bool is_used, bool has_struck) {
            if (is_used && !has_struck)
                names += std::string(name) + " ";
        };
        look_at("on_answer", attack.on_answer != nullptr, on_answer);
        look_at("late_operation", attack.late_operation.has_value(), late_operation);
        look_at("after_answer", attack.after_answer != nullptr, after_answer);
        look_at("on_position", attack.on_position != nullptr, on_position);
        look_at("background", attack.background != nullptr, background);
        look_at("keeps_mappings", attack.keeps_mappings, keeps_mappings);
        look_at("store", attack.store != nullptr, store);
        return names;
    }
};

// Whether anything has been done to a stream since.
class StreamWatch {
  public:
    StreamWatch(fake::BackendStream &stream, const AttackStrikes &strikes)
        : stream_(stream), strikes_(strikes), actions_(strikes.actions)
    {
        std::memcpy(ring_.data(), &stream.ring(), ring_.size());
        std::memcpy(events_.data(), &stream.event_page(), events_.size());
    }

    // The pages may be gone after an action, but not without one.
    bool has_changed() const
    {
        return strikes_.actions != actions_ ||
               std::memcmp(ring_.data(), &stream_.ring(), ring_.size()) != 0 ||
               std::memcmp(events_.data(), &stream_.event_page(), events_.size()) != 0;
    }

  private:
    fake::BackendStream &stream_;
    const AttackStrikes &strikes_;
    const unsigned actions_;
    std::array<char, wire::page_size> ring_;
    std::array<char, wire::page_size> events_;
};

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// What the frontend does when the backend publishes a state: sndif.h, "STATE DIAGRAMS" and
// "Recovery flow".
#pragma once

#include "sndif/protocol.hpp"

namespace xen_front {

enum class Action : uint8_t {
    Ignore,
    // Read the configuration, make the transport, publish it; then Initialised.
    Connect,
    // Register the sound card; then Connected.
    Register,
    // Take card and transport away; then Closed: the backend waits for that.
    Close,
    // Take card and transport away; then Initialising, ready for a new connection.
    Reset,
    // A new backend is there and the old connection void: Reset, then Connect.
    Reconnect,
};

struct Transition {
    wire::XenbusState frontend;
    wire::XenbusState backend;
    Action action;
};

// Every pair that is not listed is ignored: a state that is notified twice, or one the backend
// merely passes through.
inline constexpr Transition transitions[] = {
    { wire::XenbusState::Initialising, wire::XenbusState::InitWait, Action::Connect },
    { wire::XenbusState::Closed, wire::XenbusState::InitWait, Action::Connect },

    { wire::XenbusState::Initialised, wire::XenbusState::Connected, Action::Register },

    { wire::XenbusState::Initialising, wire::XenbusState::Closing, Action::Close },
    { wire::XenbusState::Initialised, wire::XenbusState::Closing, Action::Close },
    { wire::XenbusState::Connected, wire::XenbusState::Closing, Action::Close },

    { wire::XenbusState::Initialised, wire::XenbusState::Closed, Action::Reset },
    { wire::XenbusState::Initialised, wire::XenbusState::Unknown, Action::Reset },
    { wire::XenbusState::Connected, wire::XenbusState::Closed, Action::Reset },
    { wire::XenbusState::Connected, wire::XenbusState::Unknown, Action::Reset },
    { wire::XenbusState::Closed, wire::XenbusState::Closed, Action::Reset },
    { wire::XenbusState::Closed, wire::XenbusState::Unknown, Action::Reset },

    // The backend starts over without having closed the connection. InitWait while we are
    // Initialised is no such thing: it has not seen our transport yet.
    { wire::XenbusState::Initialised, wire::XenbusState::Initialising, Action::Reset },
    { wire::XenbusState::Connected, wire::XenbusState::Initialising, Action::Reset },
    { wire::XenbusState::Connected, wire::XenbusState::InitWait, Action::Reconnect },
};

static_assert([] {
    for (const Transition &row : transitions) {
        uint32_t matches = 0;
        for (const Transition &other : transitions)
            matches += other.frontend == row.frontend && other.backend == row.backend;
        if (matches != 1)
            return false;
    }
    return true;
}());

// Any @backend value is allowed: it comes from XenStore.
constexpr Action action_for(wire::XenbusState frontend, wire::XenbusState backend)
{
    for (const Transition &row : transitions) {
        if (row.frontend == frontend && row.backend == backend)
            return row.action;
    }
    return Action::Ignore;
}

} // namespace xen_front

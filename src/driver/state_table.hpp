// SPDX-License-Identifier: GPL-2.0-only
// What the frontend does when the backend publishes a state: sndif.h, "STATE DIAGRAMS" and
// "Recovery flow".
#pragma once

#include "sndif/protocol.hpp"

namespace xen_front {

// A card that was registered stays without a transport, its streams standing still, until a backend
// is back or the wait for one is over.
enum class Action : uint8_t {
    Ignore,
    // Read the configuration, make the transport, publish it; then Initialised.
    Connect,
    // Register the sound card, or let the streams of the one that stayed go on; then Connected.
    Register,
    // The backend closes the connection. Let go of it; then Closed: the backend waits for that.
    Close,
    // The backend has closed, or gone. Let go of the connection; then Initialising, ready for a new
    // one, or Reconfiguring when the card stays and there is no backend.
    Lose,
    // The backend starts over and waits for a frontend that does so, too. Let go of the old
    // connection; then Initialising.
    Restart,
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
    { wire::XenbusState::Reconfiguring, wire::XenbusState::InitWait, Action::Connect },
    // It starts over without having closed the connection. InitWait while we are Initialised is no
    // such thing: it has not seen our transport yet.
    { wire::XenbusState::Connected, wire::XenbusState::InitWait, Action::Connect },

    { wire::XenbusState::Initialised, wire::XenbusState::Connected, Action::Register },

    { wire::XenbusState::Initialising, wire::XenbusState::Closing, Action::Close },
    { wire::XenbusState::Initialised, wire::XenbusState::Closing, Action::Close },
    { wire::XenbusState::Connected, wire::XenbusState::Closing, Action::Close },
    { wire::XenbusState::Reconfiguring, wire::XenbusState::Closing, Action::Close },

    // Only if it is for good: otherwise a backend is yet to begin.
    { wire::XenbusState::Initialising, wire::XenbusState::Closed, Action::Lose },
    { wire::XenbusState::Initialising, wire::XenbusState::Unknown, Action::Lose },
    { wire::XenbusState::Initialised, wire::XenbusState::Closed, Action::Lose },
    { wire::XenbusState::Initialised, wire::XenbusState::Unknown, Action::Lose },
    { wire::XenbusState::Connected, wire::XenbusState::Closed, Action::Lose },
    { wire::XenbusState::Connected, wire::XenbusState::Unknown, Action::Lose },
    { wire::XenbusState::Reconfiguring, wire::XenbusState::Closed, Action::Lose },
    { wire::XenbusState::Reconfiguring, wire::XenbusState::Unknown, Action::Lose },
    { wire::XenbusState::Closed, wire::XenbusState::Closed, Action::Lose },
    { wire::XenbusState::Closed, wire::XenbusState::Unknown, Action::Lose },

    { wire::XenbusState::Initialised, wire::XenbusState::Initialising, Action::Restart },
    { wire::XenbusState::Connected, wire::XenbusState::Initialising, Action::Restart },
    { wire::XenbusState::Reconfiguring, wire::XenbusState::Initialising, Action::Restart },
    { wire::XenbusState::Closed, wire::XenbusState::Initialising, Action::Restart },
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

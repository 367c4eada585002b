// SPDX-License-Identifier: GPL-2.0-only
//
// The backend's side of the state diagram and of the recovery flow of sndif.h, as a table.
#pragma once

#include <string_view>

#include "protocol/sndif.hpp"

namespace sndback {

// Where the backend stands with one frontend.
enum class Phase : unsigned {
    reset, // Closed: a frontend still connected to an earlier backend, or to a failed one, has to
           // let go first
    offered, // InitWait: waiting for the frontend to publish its transport parameters
    connected, // Connected
    closing, // Closing: the frontend said so first, and gets a moment to go on to Closed
    closed, // Closed: it has gone on, and a guest's kernel that was started by another (kexec)
            // waits to see that before it goes on to Initialising
    removed, // Closed for good: the toolstack takes the device away, the guest is gone, or the
             // daemon stops
};

enum class Action {
    none,
    offer, // release what is connected, publish the versions, go to InitWait
    connect, // read the frontend's parameters, map and bind them, go to Connected
    check, // connected, but the frontend says Initialised: connect anew if it published new
           // parameters
    close, // release what is connected, go to Closing
    settle, // go to Closed, and stay there for a moment
    remove, // release what is connected, go through Closing to Closed
};

// What to do. `frontend`: its XenbusState, XenbusStateUnknown if the node does not exist.
// `leaving`: the device is to go.
[[nodiscard]] Action decide(Phase phase, xenbus_state frontend, bool leaving);

// Whether the frontend holds on to a connection in this state.
[[nodiscard]] constexpr bool is_attached(xenbus_state frontend)
{
    return frontend == XenbusStateInitialised || frontend == XenbusStateConnected;
}

// The name as in xenbus.h, without XenbusState.
[[nodiscard]] std::string_view state_name(xenbus_state state);

// A state node's value; XenbusStateUnknown for what is none.
[[nodiscard]] xenbus_state parse_state(std::string_view text);

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/handshake.hpp"

#include <array>

namespace sndback {

namespace {

constexpr std::size_t states = XenbusStateReconfigured + 1;

constexpr std::array<std::string_view, states> state_names {
    "Unknown", "Initialising", "InitWait",      "Initialised", "Connected",
    "Closing", "Closed",       "Reconfiguring", "Reconfigured"
};

using Row = std::array<Action, states>;

constexpr auto none = Action::none;
constexpr auto offer = Action::offer;
constexpr auto connect = Action::connect;
constexpr auto check = Action::check;
constexpr auto close = Action::close;
constexpr auto settle = Action::settle;

// One row per phase but removed, one column per state of the frontend, in the order of state_names.
// A frontend goes to Closing for two reasons. A guest that shuts down waits for our Closing and
// then goes to Closed; the in-tree driver, when it is unbound, waits for InitWait as the sign that
// all is released. Ours do both, with a pause in between: see Frontend::close().
constexpr std::array<Row, 5> table { {
    /* reset */ { offer, offer, offer, none, none, offer, offer, offer, offer },
    /* offered */ { none, none, none, connect, none, close, none, none, none },
    /* connected */ { offer, offer, offer, check, none, close, offer, offer, offer },
    /* closing */ { offer, offer, offer, none, none, offer, settle, offer, offer },
    /* closed */ { offer, offer, offer, none, none, offer, offer, offer, offer },
} };

static_assert(XenbusStateInitialised == 3 && XenbusStateConnected == 4 &&
              XenbusStateReconfiguring == 7);

} // namespace

Action decide(Phase phase, xenbus_state frontend, bool leaving)
{
    if (leaving)
        return phase == Phase::removed ? Action::none : Action::remove;
    if (phase == Phase::removed)
        return is_attached(frontend) ? Action::none : Action::offer;
    return table[static_cast<std::size_t>(phase)][frontend];
}

std::string_view state_name(xenbus_state state)
{
    return state_names[state];
}

xenbus_state parse_state(std::string_view text)
{
    if (text.size() != 1 || text[0] < '0' || text[0] > '8')
        return XenbusStateUnknown;
    return static_cast<xenbus_state>(text[0] - '0');
}

} // namespace sndback

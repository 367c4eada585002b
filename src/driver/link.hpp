// SPDX-License-Identifier: GPL-2.0-only
// The state of a stream's connection to its backend.
#pragma once

#include "base/types.hpp"

namespace xen_front {

enum class Link : uint8_t {
    Removed, // the card has gone: for good
    Absent, // there is no transport
    Published, // the backend may attach to the transport
    Attached, // requests are answered
    Stalled, // the backend is overdue; attached again once it shows activity
    Broken, // the backend broke the protocol: nothing it says counts until there is a new transport
};

struct LinkTransition {
    Link from;
    Link to;
};

// Every change that is not listed is ignored.
inline constexpr LinkTransition link_transitions[] = {
    { Link::Absent, Link::Published }, { Link::Published, Link::Attached },
    { Link::Attached, Link::Stalled }, { Link::Stalled, Link::Attached },
    { Link::Attached, Link::Broken },  { Link::Stalled, Link::Broken },
    { Link::Published, Link::Absent }, { Link::Attached, Link::Absent },
    { Link::Stalled, Link::Absent },   { Link::Broken, Link::Absent },
    { Link::Absent, Link::Removed },   { Link::Published, Link::Removed },
    { Link::Attached, Link::Removed }, { Link::Stalled, Link::Removed },
    { Link::Broken, Link::Removed },
};

constexpr bool can_change(Link from, Link to)
{
    for (const LinkTransition &row : link_transitions) {
        if (row.from == from && row.to == to)
            return true;
    }
    return false;
}

// Whether requests may be put into the ring: a backend that is overdue finds them when it is back.
constexpr bool is_attached(Link link)
{
    return link == Link::Attached || link == Link::Stalled;
}

// Whether an application has to close the stream.
constexpr bool is_dead(Link link)
{
    return link == Link::Removed || link == Link::Broken;
}

// For /proc and for traces. One word.
constexpr const char *name_of(Link link)
{
    constexpr const char *names[] = {
        "removed", "absent", "published", "attached", "stalled", "broken",
    };
    return names[static_cast<uint8_t>(link)];
}

static_assert(*name_of(Link::Broken) == 'b');

} // namespace xen_front

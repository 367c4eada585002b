// SPDX-License-Identifier: GPL-2.0-only
// A response becomes an ordinary one without having been checked.
// expected-error@*:* {{no viable conversion}}
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

xen_front::wire::Response use(const xen_front::wire::Response &shared)
{
    return xen_front::snapshot(&shared);
}

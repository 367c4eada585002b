// SPDX-License-Identifier: GPL-2.0-only
// A field of a response is used before the response was checked.
// expected-error@*:* {{no member named 'status'}}
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

int32_t use(const xen_front::wire::Response &shared)
{
    return xen_front::snapshot(&shared).status;
}

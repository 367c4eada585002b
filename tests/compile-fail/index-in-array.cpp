// SPDX-License-Identifier: GPL-2.0-only
// An index of the backend selects a slot.
// expected-error@*:* {{no viable overloaded operator}}
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

const xen_front::wire::Event *use(xen_front::wire::EventPage &page)
{
    return &page.events[xen_front::SharedIndex(&page.in_prod).load()];
}

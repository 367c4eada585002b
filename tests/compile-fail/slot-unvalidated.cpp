// SPDX-License-Identifier: GPL-2.0-only
// A slot of a shared page is used without having been checked.
// expected-error@*:* {{no member named 'response'}}
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

int32_t use(xen_front::SharedPage<xen_front::wire::RingPage> page)
{
    return page.read(&xen_front::wire::RingPage::slots, 0).response.status;
}

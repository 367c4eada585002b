// SPDX-License-Identifier: GPL-2.0-only
// A field of a shared page is read directly, perhaps twice with two values.
// expected-error@*:* {{is not a pointer}}
// expected-error@*:* {{no member named 'rsp_prod'}}
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

uint32_t use(xen_front::SharedPage<xen_front::wire::RingPage> page)
{
    return page->rsp_prod;
}

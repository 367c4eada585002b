// SPDX-License-Identifier: GPL-2.0-only
// A shared page becomes an ordinary object again.
// expected-error@*:* {{no viable conversion}}
#include "sndif/protocol.hpp"
#include "sndif/shared_memory.hpp"

xen_front::wire::RingPage *use(xen_front::SharedPage<xen_front::wire::RingPage> page)
{
    return page;
}

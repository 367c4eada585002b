// SPDX-License-Identifier: GPL-2.0-only
// An index of the backend is used as a number without having been checked.
// expected-error@*:* {{no viable conversion}}
#include "sndif/shared_memory.hpp"

uint32_t use(uint32_t *word)
{
    const uint32_t index = xen_front::SharedIndex(word).load();
    return index;
}

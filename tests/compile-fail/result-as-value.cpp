// SPDX-License-Identifier: GPL-2.0-only
// The outcome of a check is taken for the value: it may be an error.
// expected-error@*:* {{no viable conversion}}
#include "sndif/shared_memory.hpp"

uint32_t use(uint32_t *word)
{
    const uint32_t index =
        xen_front::SharedIndex(word).load().validate([](uint32_t value) { return value < 32; });
    return index;
}

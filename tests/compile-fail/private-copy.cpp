// SPDX-License-Identifier: GPL-2.0-only
// The value inside is reached for directly.
// expected-error@*:* {{is a private member}}
#include "sndif/shared_memory.hpp"

uint32_t use(uint32_t *word)
{
    return xen_front::SharedIndex(word).load().value_;
}

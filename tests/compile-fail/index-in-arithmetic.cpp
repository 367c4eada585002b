// SPDX-License-Identifier: GPL-2.0-only
// An index of the backend is calculated with.
// expected-error@*:* {{invalid operands to binary expression}}
#include "sndif/shared_memory.hpp"

auto use(uint32_t *word)
{
    return xen_front::SharedIndex(word).load() - 1u;
}

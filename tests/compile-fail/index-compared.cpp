// SPDX-License-Identifier: GPL-2.0-only
// An index of the backend is compared, which is not to have checked it.
// expected-error@*:* {{invalid operands to binary expression}}
#include "sndif/shared_memory.hpp"

bool use(uint32_t *word)
{
    return xen_front::SharedIndex(word).load() == 7u;
}

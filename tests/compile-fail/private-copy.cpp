// SPDX-License-Identifier: GPL-2.0-only
// The value inside is reached for directly.
// expect: is private within this context
#include "sndif/shared_memory.hpp"

uint32_t use(uint32_t *word)
{
    return xen_front::SharedIndex(word).load().value_;
}

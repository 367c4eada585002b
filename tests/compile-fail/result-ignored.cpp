// SPDX-License-Identifier: GPL-2.0-only
// The outcome of a check is not looked at.
// expected-error@*:* {{nodiscard}}
#include "sndif/shared_memory.hpp"

void use(uint32_t *word)
{
    xen_front::SharedIndex(word).load().validate([](uint32_t value) { return value < 32; });
}

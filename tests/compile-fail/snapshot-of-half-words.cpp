// SPDX-License-Identifier: GPL-2.0-only
// A copy that could not be made in whole words.
// expected-error@*:* {{'sizeof(Odd) % sizeof(unsigned long) == 0'}}
#include "sndif/shared_memory.hpp"

struct Odd {
    uint8_t bytes[12];
};

auto use(const Odd &shared)
{
    return xen_front::snapshot(&shared);
}

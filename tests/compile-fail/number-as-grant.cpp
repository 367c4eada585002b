// SPDX-License-Identifier: GPL-2.0-only
// Any number is taken for a grant reference.
// expected-error@*:* {{no viable conversion}}
#include "base/strong.hpp"

xen_front::GrantRef use(uint32_t number)
{
    return number;
}

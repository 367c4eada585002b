// SPDX-License-Identifier: GPL-2.0-only
// Any number is taken for a grant reference.
// expect: could not convert
#include "base/strong.hpp"

xen_front::GrantRef use(uint32_t number)
{
    return number;
}

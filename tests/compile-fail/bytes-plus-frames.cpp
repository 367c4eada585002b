// SPDX-License-Identifier: GPL-2.0-only
// Bytes and frames are added.
// expected-error@*:* {{invalid operands to binary expression}}
#include "base/strong.hpp"

auto use(xen_front::Bytes bytes, xen_front::Frames frames)
{
    return bytes + frames;
}

// SPDX-License-Identifier: GPL-2.0-only
// Bytes and frames are added.
// expect: no match for 'operator+'
#include "base/strong.hpp"

auto use(xen_front::Bytes bytes, xen_front::Frames frames)
{
    return bytes + frames;
}

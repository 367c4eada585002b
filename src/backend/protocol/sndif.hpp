// SPDX-License-Identifier: GPL-2.0-only
//
// The sndif wire definitions of Debian's libxen-dev. They expect the fixed width types to be
// declared before them, hence this wrapper; include it and never the Xen headers themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <xen/errno.h>
#include <xen/xen.h>

#include <xen/grant_table.h>
#include <xen/io/sndif.h>
#include <xen/io/xenbus.h>

namespace sndback {

inline constexpr std::size_t page_size = 4096;

static_assert(sizeof(xensnd_req) == 64 && sizeof(xensnd_resp) == 64 && sizeof(xensnd_evt) == 64,
              "sndif packets have 64 octets");
static_assert(offsetof(xensnd_req, op) == 8 && offsetof(xensnd_resp, resp) == 8);
static_assert(XENSND_IN_RING_LEN == 63, "one event page holds 63 events");

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// Errors as values.
#pragma once

#include "base/types.hpp"

namespace xen_front {

// The errors this driver tells apart, with the kernel's numbers so that an entry point only has
// to negate them. src/shim/wire_check.c asserts that the numbers are the kernel's.
enum class Error : int {
    NotPermitted = 1, // EPERM
    NoEntry = 2, // ENOENT
    Io = 5, // EIO
    TooBig = 7, // E2BIG
    TryAgain = 11, // EAGAIN
    NoMemory = 12, // ENOMEM
    Busy = 16, // EBUSY
    NoDevice = 19, // ENODEV
    Invalid = 22, // EINVAL
    NoSpace = 28, // ENOSPC
    BrokenPipe = 32, // EPIPE
    Range = 34, // ERANGE
    Protocol = 71, // EPROTO
};

// What kshim and entry points speak: 0 or a negative errno.
constexpr int to_errno(Error error)
{
    return -static_cast<int>(error);
}

// The other way; @status is a negative errno.
constexpr Error from_errno(int status)
{
    return static_cast<Error>(-status);
}

} // namespace xen_front

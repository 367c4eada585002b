// SPDX-License-Identifier: GPL-2.0-only
//
// Calls of alsa-lib that fail when a test says so: alsa_recovery_test.cpp has them.
#pragma once

#include <deque>

namespace sndback {

enum Place : unsigned {
    none,
    avail,
    avail_update,
    writei,
    readi,
    prepare,
    start,
    places,
    revents // no failure: the PCM says that there is nothing to do, and then has nothing
};

// Which call fails next, once, and which ones after it.
extern unsigned failing_place;
extern std::deque<unsigned> failing_next;
// What they answer: a negative errno.
extern int failure;

} // namespace sndback

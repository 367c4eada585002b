// SPDX-License-Identifier: GPL-2.0-only
// What a thread of an application asks of the kernel. Each takes a descriptor that another thread
// may close at any time, and whatever it returns is right: the caller only wants it to return.
#pragma once

#include <random>

namespace xen_front::stress {

using Random = std::minstd_rand;

inline unsigned int pick(Random &random, unsigned int count)
{
    return static_cast<unsigned int>(random() % count);
}

// A new descriptor of the first card's stream, or a negative errno.
int open_stream(bool is_capture, bool is_nonblocking);
// Sets a stream up and prepares it; false when the card did not have it.
bool set_up(int stream, Random &random);
// Anything that an application may do with a stream, which @other may be linked to.
void use_stream(int stream, int other, bool is_capture, Random &random);
// Stops what waits for a stream.
void drop(int stream);
// Reads or sets a control of the card's, or looks at what it says about itself; false without one.
bool use_controls(Random &random);

} // namespace xen_front::stress

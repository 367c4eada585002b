// SPDX-License-Identifier: GPL-2.0-only
// When a player takes its first frames out of the file that it plays.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

// Has @program play @file, a WAV file with the shortest of headers, to its end. The time, by
// monotonic_ns(), at which the first frames had been read. Throws selftest::Failure.
uint64_t first_read(const std::string &program, const std::string &file);

} // namespace bench

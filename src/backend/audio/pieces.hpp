// SPDX-License-Identifier: GPL-2.0-only
//
// Long work on frames, in pieces.
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstddef>

namespace sndback {

// Some tenths of a millisecond of work.
inline constexpr std::size_t most_piece_bytes = 64 * 1024;

// The longest piece, in octets, that consists of whole units of `unit` octets; at least one.
constexpr std::size_t piece_bytes(std::size_t unit)
{
    return std::max(most_piece_bytes / unit, std::size_t { 1 }) * unit;
}

// Calls use(offset, size) for one piece of `bytes` octets after the other. Between two of them,
// threads of the same real-time priority have their turn: on the same processor, streams of other
// guests would otherwise wait for the end of whatever one request asks for.
template <typename Use> void in_pieces(std::size_t bytes, std::size_t unit, Use &&use)
{
    const std::size_t most = piece_bytes(unit);
    for (std::size_t offset = 0; offset < bytes; offset += most) {
        if (offset != 0)
            sched_yield();
        use(offset, std::min(most, bytes - offset));
    }
}

} // namespace sndback

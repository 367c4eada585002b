// SPDX-License-Identifier: GPL-2.0-only
#include "audio/endpoint.hpp"

#include <algorithm>

namespace sndback {

namespace {

std::uint64_t splitmix64(std::uint64_t state)
{
    state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
    state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
    return state ^ (state >> 31);
}

} // namespace

void fill_silence(const Format &format, std::uint64_t position, std::span<std::byte> target)
{
    if (format.wire == XENSND_PCM_FORMAT_MU_LAW || format.wire == XENSND_PCM_FORMAT_A_LAW) {
        // G.711 codes of the value zero.
        std::fill(target.begin(), target.end(),
                  format.wire == XENSND_PCM_FORMAT_MU_LAW ? std::byte { 0xff }
                                                          : std::byte { 0xd5 });
        return;
    }
    std::fill(target.begin(), target.end(), std::byte { 0 });
    if (format.encoding != Encoding::unsigned_integer)
        return;
    // The middle of an unsigned range has its highest value bit set and nothing else.
    const std::size_t sample_bytes = format.storage_bits / 8;
    const std::size_t from_low_end = (format.value_bits - 1U) / 8;
    const std::size_t within = format.big_endian ? sample_bytes - 1 - from_low_end : from_low_end;
    for (std::size_t index = 0; index < target.size(); ++index)
        if ((position + index) % sample_bytes == within)
            target[index] = std::byte { 0x80 };
}

void SilenceSource::fill(std::uint64_t position, std::span<std::byte> target)
{
    fill_silence(*format_.format, position, target);
}

void PatternSource::fill(std::uint64_t position, std::span<std::byte> target)
{
    constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
    for (std::byte &octet : target) {
        const std::uint64_t word = splitmix64((position / 8 + 1) * step);
        octet = static_cast<std::byte>(word >> (position % 8 * 8));
        ++position;
    }
}

} // namespace sndback

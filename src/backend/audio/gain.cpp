// SPDX-License-Identifier: GPL-2.0-only
#include "audio/gain.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "audio/pieces.hpp"

namespace sndback {

namespace {

template <typename Word> Word swapped_if(bool big_endian, Word word)
{
    if (big_endian != (std::endian::native == std::endian::big)) {
        auto *bytes = reinterpret_cast<std::byte *>(&word);
        std::reverse(bytes, bytes + sizeof(word));
    }
    return word;
}

template <typename Word> Word load(const std::byte *sample, bool big_endian)
{
    Word word;
    std::memcpy(&word, sample, sizeof(word));
    return swapped_if(big_endian, word);
}

template <typename Word> void store(std::byte *sample, bool big_endian, Word word)
{
    word = swapped_if(big_endian, word);
    std::memcpy(sample, &word, sizeof(word));
}

// Integers of up to 32 bits, the value in the low bits of the word. Computed in double, which holds
// them exactly.
template <typename Word> void scale_integer(const Format &format, std::byte *sample, double factor)
{
    static_assert(std::is_unsigned_v<Word>);
    const std::int64_t half = std::int64_t { 1 } << (format.value_bits - 1);
    const bool is_signed = format.encoding == Encoding::signed_integer;
    const auto mask = static_cast<std::uint64_t>(2 * half - 1);

    std::int64_t value = static_cast<std::int64_t>(load<Word>(sample, format.big_endian) & mask);
    if (!is_signed)
        value -= half;
    else if (value >= half)
        value -= 2 * half;

    const double scaled = std::round(static_cast<double>(value) * factor);
    value = static_cast<std::int64_t>(
        std::clamp(scaled, -static_cast<double>(half), static_cast<double>(half - 1)));

    // A signed value is extended into unused high bits, an unsigned one leaves them zero.
    store(sample, format.big_endian, static_cast<Word>(is_signed ? value : value + half));
}

template <typename Float, typename Word>
void scale_float(const Format &format, std::byte *sample, double factor)
{
    const auto value = std::bit_cast<Float>(load<Word>(sample, format.big_endian));
    // Silence is exact, also where a sample is infinite or not a number.
    const Float scaled =
        factor == 0 ? Float { 0 } : static_cast<Float>(static_cast<double>(value) * factor);
    store(sample, format.big_endian, std::bit_cast<Word>(scaled));
}

void scale_sample(const Format &format, std::byte *sample, double factor)
{
    if (format.encoding == Encoding::floating_point) {
        if (format.storage_bits == 64)
            scale_float<double, std::uint64_t>(format, sample, factor);
        else
            scale_float<float, std::uint32_t>(format, sample, factor);
    } else if (format.storage_bits == 8) {
        scale_integer<std::uint8_t>(format, sample, factor);
    } else if (format.storage_bits == 16) {
        scale_integer<std::uint16_t>(format, sample, factor);
    } else {
        scale_integer<std::uint32_t>(format, sample, factor);
    }
}

} // namespace

Gain::Gain(std::int32_t own_volume) : own_volume_(std::clamp(own_volume, lowest, highest))
{
}

Gain::Channel &Gain::channel(unsigned index)
{
    if (index >= channels_.size())
        channels_.resize(index + 1, { own_volume_, false });
    return channels_[index];
}

void Gain::set_volume(unsigned index, std::int32_t volume)
{
    channel(index).volume = std::clamp(volume, lowest, highest);
}

std::int32_t Gain::volume(unsigned index) const
{
    return index < channels_.size() ? channels_[index].volume : own_volume_;
}

void Gain::set_muted(unsigned index, bool muted)
{
    channel(index).muted = muted;
}

bool Gain::muted(unsigned index) const
{
    return index < channels_.size() && channels_[index].muted;
}

double Gain::factor(unsigned index) const
{
    if (muted(index))
        return 0;
    return volume(index) == 0 ? 1 : std::pow(10.0, volume(index) / 20'000.0);
}

void Gain::apply(const StreamFormat &format, std::span<std::byte> frames) const
{
    if (!supports(*format.format))
        return;
    in_pieces(frames.size(), format.unit(), [&](std::size_t offset, std::size_t size) {
        scale(format, frames.subspan(offset, size));
    });
}

void Gain::scale(const StreamFormat &format, std::span<std::byte> frames) const
{
    const std::size_t sample_bytes = format.format->storage_bits / 8;
    const std::size_t frame_bytes = sample_bytes * format.channels;

    for (unsigned index = 0; index < format.channels; ++index) {
        const double by = factor(index);
        if (by == 1)
            continue;
        for (std::size_t at = index * sample_bytes; at + sample_bytes <= frames.size();
             at += frame_bytes)
            scale_sample(*format.format, &frames[at], by);
    }
}

} // namespace sndback

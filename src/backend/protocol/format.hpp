// SPDX-License-Identifier: GPL-2.0-only
//
// The 25 sample formats of sndif.h, section "PCM FORMATS": wire number, XenStore name and memory
// layout.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "protocol/sndif.hpp"

namespace sndback {

// How a sample's bits are to be read. `opaque` samples (S/PDIF subframes, logarithmic and
// compressed ones) are carried, never computed with.
enum class Encoding {
    signed_integer,
    unsigned_integer,
    floating_point,
    opaque
};

struct Format {
    std::uint8_t wire; // XENSND_PCM_FORMAT_*
    std::string_view name; // as in the XenStore list sample-formats
    std::uint8_t value_bits; // bits that carry the value, counted from the least significant one
    std::uint8_t storage_bits; // bits that one sample takes in memory
    Encoding encoding;
    bool big_endian;
};

// ALSA gives MPEG and GSM no width at all: they are octet streams here, so that positions count
// octets.
inline constexpr std::array<Format, 25> formats { {
    { XENSND_PCM_FORMAT_S8, XENSND_PCM_FORMAT_S8_STR, 8, 8, Encoding::signed_integer, false },
    { XENSND_PCM_FORMAT_U8, XENSND_PCM_FORMAT_U8_STR, 8, 8, Encoding::unsigned_integer, false },
    { XENSND_PCM_FORMAT_S16_LE, XENSND_PCM_FORMAT_S16_LE_STR, 16, 16, Encoding::signed_integer,
      false },
    { XENSND_PCM_FORMAT_S16_BE, XENSND_PCM_FORMAT_S16_BE_STR, 16, 16, Encoding::signed_integer,
      true },
    { XENSND_PCM_FORMAT_U16_LE, XENSND_PCM_FORMAT_U16_LE_STR, 16, 16, Encoding::unsigned_integer,
      false },
    { XENSND_PCM_FORMAT_U16_BE, XENSND_PCM_FORMAT_U16_BE_STR, 16, 16, Encoding::unsigned_integer,
      true },
    { XENSND_PCM_FORMAT_S24_LE, XENSND_PCM_FORMAT_S24_LE_STR, 24, 32, Encoding::signed_integer,
      false },
    { XENSND_PCM_FORMAT_S24_BE, XENSND_PCM_FORMAT_S24_BE_STR, 24, 32, Encoding::signed_integer,
      true },
    { XENSND_PCM_FORMAT_U24_LE, XENSND_PCM_FORMAT_U24_LE_STR, 24, 32, Encoding::unsigned_integer,
      false },
    { XENSND_PCM_FORMAT_U24_BE, XENSND_PCM_FORMAT_U24_BE_STR, 24, 32, Encoding::unsigned_integer,
      true },
    { XENSND_PCM_FORMAT_S32_LE, XENSND_PCM_FORMAT_S32_LE_STR, 32, 32, Encoding::signed_integer,
      false },
    { XENSND_PCM_FORMAT_S32_BE, XENSND_PCM_FORMAT_S32_BE_STR, 32, 32, Encoding::signed_integer,
      true },
    { XENSND_PCM_FORMAT_U32_LE, XENSND_PCM_FORMAT_U32_LE_STR, 32, 32, Encoding::unsigned_integer,
      false },
    { XENSND_PCM_FORMAT_U32_BE, XENSND_PCM_FORMAT_U32_BE_STR, 32, 32, Encoding::unsigned_integer,
      true },
    { XENSND_PCM_FORMAT_F32_LE, XENSND_PCM_FORMAT_F32_LE_STR, 32, 32, Encoding::floating_point,
      false },
    { XENSND_PCM_FORMAT_F32_BE, XENSND_PCM_FORMAT_F32_BE_STR, 32, 32, Encoding::floating_point,
      true },
    { XENSND_PCM_FORMAT_F64_LE, XENSND_PCM_FORMAT_F64_LE_STR, 64, 64, Encoding::floating_point,
      false },
    { XENSND_PCM_FORMAT_F64_BE, XENSND_PCM_FORMAT_F64_BE_STR, 64, 64, Encoding::floating_point,
      true },
    { XENSND_PCM_FORMAT_IEC958_SUBFRAME_LE, XENSND_PCM_FORMAT_IEC958_SUBFRAME_LE_STR, 32, 32,
      Encoding::opaque, false },
    { XENSND_PCM_FORMAT_IEC958_SUBFRAME_BE, XENSND_PCM_FORMAT_IEC958_SUBFRAME_BE_STR, 32, 32,
      Encoding::opaque, true },
    { XENSND_PCM_FORMAT_MU_LAW, XENSND_PCM_FORMAT_MU_LAW_STR, 8, 8, Encoding::opaque, false },
    { XENSND_PCM_FORMAT_A_LAW, XENSND_PCM_FORMAT_A_LAW_STR, 8, 8, Encoding::opaque, false },
    { XENSND_PCM_FORMAT_IMA_ADPCM, XENSND_PCM_FORMAT_IMA_ADPCM_STR, 4, 4, Encoding::opaque, false },
    { XENSND_PCM_FORMAT_MPEG, XENSND_PCM_FORMAT_MPEG_STR, 8, 8, Encoding::opaque, false },
    { XENSND_PCM_FORMAT_GSM, XENSND_PCM_FORMAT_GSM_STR, 8, 8, Encoding::opaque, false },
} };

inline constexpr std::uint64_t all_formats_mask = (std::uint64_t { 1 } << formats.size()) - 1;

// The row of a wire number, nullptr if sndif defines no such format. The table is indexed by wire
// number.
[[nodiscard]] constexpr const Format *find_format(unsigned wire)
{
    return wire < formats.size() ? &formats[wire] : nullptr;
}

// xl writes the floating-point formats under names of its own (libxl_vsnd_pcm_format).
struct FormatAlias {
    std::string_view name;
    std::uint8_t wire;
};

inline constexpr std::array<FormatAlias, 4> format_aliases { {
    { "f32_le", XENSND_PCM_FORMAT_F32_LE },
    { "f32_be", XENSND_PCM_FORMAT_F32_BE },
    { "f64_le", XENSND_PCM_FORMAT_F64_LE },
    { "f64_be", XENSND_PCM_FORMAT_F64_BE },
} };

// The row of a XenStore name, nullptr if there is none.
[[nodiscard]] constexpr const Format *find_format(std::string_view name)
{
    for (const Format &format : formats)
        if (format.name == name)
            return &format;
    for (const FormatAlias &alias : format_aliases)
        if (alias.name == name)
            return &formats[alias.wire];
    return nullptr;
}

static_assert([] {
    for (std::size_t index = 0; index < formats.size(); ++index)
        if (formats[index].wire != index ||
            formats[index].name.size() > XENSND_SAMPLE_FORMAT_MAX_LEN)
            return false;
    return true;
}());

// Frames or octets, where a field has 32 bits for them: the most that fits.
[[nodiscard]] constexpr std::uint32_t saturate(std::uint64_t count)
{
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

// What OPEN fixes for a stream, and the conversions between its two units.
struct StreamFormat {
    const Format *format;
    unsigned rate; // frames per second
    unsigned channels;

    [[nodiscard]] constexpr std::uint64_t frame_bits() const
    {
        return std::uint64_t { format->storage_bits } * channels;
    }

    // Octets of whole frames. IMA ADPCM has half-octet samples, so an odd number of them is rounded
    // down.
    [[nodiscard]] constexpr std::uint64_t bytes(std::uint64_t frames) const
    {
        return static_cast<std::uint64_t>(static_cast<unsigned __int128>(frames) * frame_bits() /
                                          8);
    }

    // Frames that fit wholly into that many octets.
    [[nodiscard]] constexpr std::uint64_t frames(std::uint64_t bytes) const
    {
        return static_cast<std::uint64_t>(static_cast<unsigned __int128>(bytes) * 8 / frame_bits());
    }

    // Frames of which that many octets hold a part.
    [[nodiscard]] constexpr std::uint64_t frames_of(std::uint64_t bytes) const
    {
        return static_cast<std::uint64_t>(
            (static_cast<unsigned __int128>(bytes) * 8 + frame_bits() - 1) / frame_bits());
    }

    // The smallest number of octets that holds whole frames and nothing else.
    [[nodiscard]] constexpr std::uint64_t unit() const
    {
        return frame_bits() % 8 == 0 ? frame_bits() / 8 : frame_bits() / 4;
    }
};

} // namespace sndback

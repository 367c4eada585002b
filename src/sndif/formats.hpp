// SPDX-License-Identifier: GPL-2.0-only
// Sample formats: one table for XenStore names, sndif numbers and ALSA numbers, both ways.
#pragma once

#include "base/string_view.hpp"

namespace xen_front {

struct SampleFormat {
    const char *name; // in sample-formats of XenStore
    uint8_t sndif; // XENSND_PCM_FORMAT_*
    uint8_t alsa; // SNDRV_PCM_FORMAT_*, asserted in src/shim/wire_check.c
};

// sndif.h, "PCM FORMATS". Row i has sndif number i.
inline constexpr SampleFormat sample_formats[] = {
    { "s8", 0, 0 },
    { "u8", 1, 1 },
    { "s16_le", 2, 2 },
    { "s16_be", 3, 3 },
    { "u16_le", 4, 4 },
    { "u16_be", 5, 5 },
    { "s24_le", 6, 6 },
    { "s24_be", 7, 7 },
    { "u24_le", 8, 8 },
    { "u24_be", 9, 9 },
    { "s32_le", 10, 10 },
    { "s32_be", 11, 11 },
    { "u32_le", 12, 12 },
    { "u32_be", 13, 13 },
    { "float_le", 14, 14 },
    { "float_be", 15, 15 },
    { "float64_le", 16, 16 },
    { "float64_be", 17, 17 },
    { "iec958_subframe_le", 18, 18 },
    { "iec958_subframe_be", 19, 19 },
    { "mu_law", 20, 20 },
    { "a_law", 21, 21 },
    { "ima_adpcm", 22, 22 },
    { "mpeg", 23, 23 },
    { "gsm", 24, 24 },
};

inline constexpr size_t sample_format_count = sizeof(sample_formats) / sizeof(sample_formats[0]);
static_assert(sample_format_count == 25);

static_assert([] {
    for (size_t i = 0; i < sample_format_count; i++) {
        if (sample_formats[i].sndif != i)
            return false;
        for (size_t j = 0; j < i; j++) {
            if (sample_formats[i].alsa == sample_formats[j].alsa)
                return false;
        }
    }
    return true;
}());

// xl writes the floating-point formats under names of its own (libxl_vsnd_pcm_format in libxl).
struct FormatAlias {
    const char *name;
    uint8_t sndif; // XENSND_PCM_FORMAT_*
};

inline constexpr FormatAlias format_aliases[] = {
    { "f32_le", 14 },
    { "f32_be", 15 },
    { "f64_le", 16 },
    { "f64_be", 17 },
};

// The row with this XenStore name, letter case ignored as toolstacks differ; nullptr when none.
constexpr const SampleFormat *find_format_by_name(StringView name)
{
    for (const SampleFormat &format : sample_formats) {
        if (name.equals_ignoring_case(format.name))
            return &format;
    }
    for (const FormatAlias &alias : format_aliases) {
        if (name.equals_ignoring_case(alias.name))
            return &sample_formats[alias.sndif];
    }
    return nullptr;
}

// The row with this SNDRV_PCM_FORMAT_*; nullptr when sndif has no such format.
constexpr const SampleFormat *find_format_by_alsa(uint32_t alsa)
{
    for (const SampleFormat &format : sample_formats) {
        if (format.alsa == alsa)
            return &format;
    }
    return nullptr;
}

// Masks of (1 << number) from one numbering to the other; formats the other side lacks are dropped.
constexpr uint64_t to_alsa_formats(uint64_t sndif_mask)
{
    uint64_t mask = 0;
    for (const SampleFormat &format : sample_formats) {
        if (sndif_mask & (uint64_t { 1 } << format.sndif))
            mask |= uint64_t { 1 } << format.alsa;
    }
    return mask;
}

constexpr uint64_t to_sndif_formats(uint64_t alsa_mask)
{
    uint64_t mask = 0;
    for (const SampleFormat &format : sample_formats) {
        if (alsa_mask & (uint64_t { 1 } << format.alsa))
            mask |= uint64_t { 1 } << format.sndif;
    }
    return mask;
}

} // namespace xen_front

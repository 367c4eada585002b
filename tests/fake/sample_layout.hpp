// SPDX-License-Identifier: GPL-2.0-only
// How ALSA lays samples out in memory, by SNDRV_PCM_FORMAT_*.
#pragma once

#include <cstddef>
#include <cstdint>

namespace xen_front::fake {

struct SampleLayout {
    unsigned int bits; // 0: frames have no fixed size
    uint8_t silence[8]; // of one sample
};

inline constexpr SampleLayout sample_layouts[] = {
    { 8, {} }, // S8
    { 8, { 0x80 } }, // U8
    { 16, {} }, // S16_LE
    { 16, {} }, // S16_BE
    { 16, { 0x00, 0x80 } }, // U16_LE
    { 16, { 0x80, 0x00 } }, // U16_BE
    { 32, {} }, // S24_LE
    { 32, {} }, // S24_BE
    { 32, { 0x00, 0x00, 0x80 } }, // U24_LE
    { 32, { 0x00, 0x80, 0x00, 0x00 } }, // U24_BE
    { 32, {} }, // S32_LE
    { 32, {} }, // S32_BE
    { 32, { 0x00, 0x00, 0x00, 0x80 } }, // U32_LE
    { 32, { 0x80, 0x00, 0x00, 0x00 } }, // U32_BE
    { 32, {} }, // FLOAT_LE
    { 32, {} }, // FLOAT_BE
    { 64, {} }, // FLOAT64_LE
    { 64, {} }, // FLOAT64_BE
    { 32, {} }, // IEC958_SUBFRAME_LE
    { 32, {} }, // IEC958_SUBFRAME_BE
    { 8, { 0x7f } }, // MU_LAW
    { 8, { 0x55 } }, // A_LAW
    { 4, {} }, // IMA_ADPCM
    { 0, {} }, // MPEG
    { 0, {} }, // GSM
};

inline constexpr unsigned int sample_layout_count =
    sizeof(sample_layouts) / sizeof(sample_layouts[0]);

// Byte @index of an endless silence. Samples of less than a byte have zeros for silence.
constexpr uint8_t silence_byte(unsigned int format, size_t index)
{
    const SampleLayout &layout = sample_layouts[format];
    return layout.silence[index % (layout.bits < 8 ? 1 : layout.bits / 8)];
}

} // namespace xen_front::fake

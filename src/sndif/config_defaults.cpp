// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/config_defaults.hpp"

#include "sndif/formats.hpp"

namespace xen_front {

namespace {

// As the in-tree driver has them.
constexpr uint32_t default_channels_min = 1;
constexpr uint32_t default_channels_max = 2;
constexpr uint32_t default_buffer_bytes = 64u << 10;
constexpr const char *default_formats[] = { "u8", "s16_le" };
constexpr uint32_t default_rates[] = {
    5512, 8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000,
};

} // namespace

void set_defaults(PcmSettings &settings)
{
    settings.channels_min = default_channels_min;
    settings.channels_max = default_channels_max;
    settings.buffer_bytes = default_buffer_bytes;
    settings.formats = 0;
    for (const char *name : default_formats)
        settings.formats |= uint64_t { 1 } << find_format_by_name(name)->sndif;
    settings.rate_count = 0;
    for (const uint32_t rate : default_rates)
        settings.rates[settings.rate_count++] = rate;
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/config.hpp"

namespace xen_front {

namespace {

bool is_same(const PcmSettings &one, const PcmSettings &other)
{
    if (one.channels_min != other.channels_min || one.channels_max != other.channels_max ||
        one.formats != other.formats || one.buffer_bytes != other.buffer_bytes ||
        one.rate_count != other.rate_count)
        return false;
    for (uint32_t i = 0; i < one.rate_count; i++) {
        if (one.rates[i] != other.rates[i])
            return false;
    }
    return true;
}

// Of streams at the same place of their cards: their numbers, and how many of them each device has,
// follow from all of these.
bool is_same(const StreamConfig &one, const StreamConfig &other)
{
    return one.device == other.device && one.type == other.type &&
           one.unique_id.view() == other.unique_id.view() && is_same(one.settings, other.settings);
}

} // namespace

bool operator==(const CardConfig &one, const CardConfig &other)
{
    if (!(one.short_name.view() == other.short_name.view()) ||
        !(one.long_name.view() == other.long_name.view()) || one.stream_count != other.stream_count)
        return false;
    for (uint32_t i = 0; i < one.stream_count; i++) {
        if (!is_same(one.streams[i], other.streams[i]))
            return false;
    }
    // Each device has a stream: there are as many.
    for (uint32_t i = 0; i < one.device_count; i++) {
        if (!(one.devices[i].name.view() == other.devices[i].name.view()))
            return false;
    }
    return true;
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "support/config_promises.hpp"

#include <algorithm>

#include "sndif/formats.hpp"
#include "support/strings.hpp"

namespace xen_front::test {

namespace {

bool is_printable(const std::string &text)
{
    return std::all_of(text.begin(), text.end(),
                       [](char character) { return character >= ' ' && character <= '~'; });
}

std::string check_settings(const PcmSettings &settings)
{
    if (settings.channels_min < 1 || settings.channels_min > settings.channels_max ||
        settings.channels_max > channels_limit)
        return "channels";
    if (settings.formats == 0 || settings.formats >> sample_format_count != 0)
        return "formats";
    if (settings.rate_count < 1 || settings.rate_count > rates_max)
        return "rate_count";
    for (uint32_t i = 0; i < settings.rate_count; i++) {
        if (settings.rates[i] < 1 || settings.rates[i] > rate_limit)
            return "a rate's range";
        if (i > 0 && settings.rates[i - 1] >= settings.rates[i])
            return "the order of rates";
    }
    if (settings.buffer_bytes < buffer_bytes_least || settings.buffer_bytes > buffer_bytes_limit)
        return "buffer_bytes";
    return "";
}

} // namespace

std::string find_broken_promise(CardConfig &card)
{
    if (!is_printable(card.short_name.c_string()) || !is_printable(card.long_name.c_string()))
        return "the card's names are printable";
    if (card.device_count < 1 || card.device_count > devices_max)
        return "device_count";
    if (card.stream_count < card.device_count || card.stream_count > streams_max)
        return "stream_count";

    uint32_t position = 0;
    for (uint32_t index = 0; index < card.device_count; index++) {
        const DeviceConfig &device = card.devices[index];
        if (!is_printable(device.name.c_string()))
            return "the device's name is printable";
        uint32_t substreams[2] = {};
        uint32_t number = 0;
        for (; position < card.stream_count && card.streams[position].device == index; position++) {
            const StreamConfig &stream = card.streams[position];
            if (stream.number != number++)
                return "streams are in order";
            if (stream.type != StreamType::Playback && stream.type != StreamType::Capture)
                return "type";
            if (stream.substream != substreams[static_cast<size_t>(stream.type)]++)
                return "substream";
            if (!is_printable(stream.unique_id.c_string()))
                return "unique-id is printable";
            if (std::string broken = check_settings(stream.settings); !broken.empty())
                return broken;
        }
        if (number == 0)
            return "each device has a stream";
        if (device.playback_count != substreams[static_cast<size_t>(StreamType::Playback)] ||
            device.capture_count != substreams[static_cast<size_t>(StreamType::Capture)])
            return "the device's counts";
    }
    return position == card.stream_count ? "" : "each stream has a device";
}

std::string find_message_fault(const Diagnostic &why, StringView path)
{
    const std::string text = to_string(why.view());
    if (text.empty())
        return "no message";
    if (!is_printable(text))
        return "not one printable line";
    if (!text.starts_with(to_string(path)))
        return "does not begin with the path";
    if (text.find(": ") == std::string::npos)
        return "does not separate the path from the rest";
    return "";
}

} // namespace xen_front::test

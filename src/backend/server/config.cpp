// SPDX-License-Identifier: GPL-2.0-only
#include "server/config.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "protocol/format.hpp"
#include "server/log.hpp"
#include "server/text.hpp"

namespace sndback {

namespace {

// A guest may write its directory; these bound what its entries can cost.
constexpr std::size_t max_devices = 256;
constexpr std::size_t max_streams = 256;

[[noreturn]] void bad(const std::string &path, std::string_view value, std::string_view expected)
{
    throw BadConfig(
        fmt::format("{} = '{}': must be {}", path, printable(value.substr(0, 80)), expected));
}

// Toolstacks and people write values, and lists of them, with blanks and in upper case.
constexpr std::string_view value_blanks(" \t\r\n\0", 5);

std::string lower_case(std::string_view text)
{
    std::string result(trim(text, value_blanks));
    std::transform(result.begin(), result.end(), result.begin(), [](char character) {
        return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                    : character;
    });
    return result;
}

template <typename Number> std::optional<Number> parse_number(std::string_view untrimmed)
{
    const std::string_view text = trim(untrimmed, value_blanks);
    Number number {};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc {} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::uint32_t require_number(const StoreReader &store, const std::string &path)
{
    const std::optional<std::string> text = store.read(path);
    if (!text)
        throw BadConfig(fmt::format(
            "{} is missing: the frontend has to publish it before it goes to Initialised", path));
    const auto number = parse_number<std::uint32_t>(*text);
    if (!number)
        bad(path, *text, "a decimal number");
    return *number;
}

std::vector<std::string_view> split_list(std::string_view text)
{
    std::vector<std::string_view> items;
    while (!text.empty()) {
        const std::size_t comma = text.find(XENSND_LIST_SEPARATOR);
        if (const std::string_view item = trim(text.substr(0, comma), value_blanks); !item.empty())
            items.push_back(item);
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return items;
}

void read_channels(const StoreReader &store, const std::string &path, Limits &limits)
{
    const auto read = [&](const char *field, std::uint32_t &target) {
        const std::string node = path + "/" + field;
        if (const auto text = store.read(node)) {
            const auto number = parse_number<std::uint8_t>(*text);
            if (!number || *number == 0)
                bad(node, *text, "1 to 255");
            target = *number;
        }
    };
    Interval channels = limits.channels;
    read(XENSND_FIELD_CHANNELS_MIN, channels.min);
    read(XENSND_FIELD_CHANNELS_MAX, channels.max);
    limits.channels = intersect(limits.channels, channels);
    if (limits.channels.empty())
        throw BadConfig(fmt::format("{}: no number of channels from {} to {} is left", path,
                                    channels.min, channels.max));
}

void read_rates(const StoreReader &store, const std::string &path, Limits &limits)
{
    const std::string node = path + "/" XENSND_FIELD_SAMPLE_RATES;
    const auto text = store.read(node);
    if (!text)
        return;
    Limits own;
    for (const std::string_view item : split_list(*text)) {
        const auto rate = parse_number<std::uint32_t>(item);
        if (!rate || *rate == 0)
            bad(node, item, "a list of rates in Hz, separated by commas");
        own.rates.push_back(*rate);
    }
    std::sort(own.rates.begin(), own.rates.end());
    own.rates.erase(std::unique(own.rates.begin(), own.rates.end()), own.rates.end());
    limits = intersect(limits, own);
    if (limits.rate_range.empty())
        bad(node, *text, "a subset of the rates of the level above");
}

void read_formats(const StoreReader &store, const std::string &path, Limits &limits)
{
    const std::string node = path + "/" XENSND_FIELD_SAMPLE_FORMATS;
    const auto text = store.read(node);
    if (!text)
        return;
    std::uint64_t mask = 0;
    for (const std::string_view item : split_list(*text)) {
        const Format *format = find_format(lower_case(item));
        if (format == nullptr)
            bad(node, item, "one of the format names of sndif.h, as in s16_le,float_le");
        mask |= std::uint64_t { 1 } << format->wire;
    }
    limits.formats &= mask;
    if (limits.formats == 0)
        bad(node, *text, "a subset of the formats of the level above");
}

void read_buffer_size(const StoreReader &store, const std::string &path, Limits &limits)
{
    const std::string node = path + "/" XENSND_FIELD_BUFFER_SIZE;
    const auto text = store.read(node);
    if (!text)
        return;
    const auto bytes = parse_number<std::uint32_t>(*text);
    if (!bytes || *bytes == 0)
        bad(node, *text, "a number of octets above 0");
    limits.buffer_bytes = std::min(limits.buffer_bytes, *bytes);
}

// The limits of one level, within those of the level above.
Limits read_limits(const StoreReader &store, const std::string &path, Limits limits)
{
    read_channels(store, path, limits);
    read_rates(store, path, limits);
    read_formats(store, path, limits);
    read_buffer_size(store, path, limits);
    return limits;
}

// The children that are indices, ascending.
std::vector<unsigned> list_indices(const StoreReader &store, const std::string &path,
                                   std::size_t most)
{
    std::vector<unsigned> indices;
    for (const std::string &name : store.list(path))
        if (const auto index = parse_number<unsigned>(name);
            index && name == std::to_string(*index))
            indices.push_back(*index);
    if (indices.size() > most)
        throw BadConfig(fmt::format("{} has {} numbered children, at most {} make sense", path,
                                    indices.size(), most));
    std::sort(indices.begin(), indices.end());
    return indices;
}

StreamConfig read_stream(const StoreReader &store, const std::string &path, const Limits &inherited)
{
    StreamConfig stream {};
    const std::string type_path = path + "/" XENSND_FIELD_TYPE;
    const std::string type = lower_case(store.read(type_path).value_or(""));
    if (type != XENSND_STREAM_TYPE_PLAYBACK && type != XENSND_STREAM_TYPE_CAPTURE)
        bad(type_path, type, "p for playback or c for capture");
    stream.playback = type == XENSND_STREAM_TYPE_PLAYBACK;
    stream.unique_id = store.read(path + "/" XENSND_FIELD_STREAM_UNIQUE_ID).value_or("");
    stream.limits = read_limits(store, path, inherited);
    stream.transport = { require_number(store, path + "/" XENSND_FIELD_RING_REF),
                         require_number(store, path + "/" XENSND_FIELD_EVT_CHNL),
                         require_number(store, path + "/" XENSND_FIELD_EVT_RING_REF),
                         require_number(store, path + "/" XENSND_FIELD_EVT_EVT_CHNL) };
    return stream;
}

} // namespace

CardConfig read_card(const StoreReader &store, const std::string &frontend_path)
{
    CardConfig card;
    const std::string version =
        store.read(frontend_path + "/" XENSND_FIELD_FE_VERSION).value_or("");
    card.version = trim(version, value_blanks);
    const Limits card_limits = read_limits(store, frontend_path, {});

    for (const unsigned device : list_indices(store, frontend_path, max_devices)) {
        const std::string device_path = fmt::format("{}/{}", frontend_path, device);
        const Limits device_limits = read_limits(store, device_path, card_limits);
        for (const unsigned index : list_indices(store, device_path, max_streams)) {
            StreamConfig stream =
                read_stream(store, fmt::format("{}/{}", device_path, index), device_limits);
            stream.device = device;
            stream.index = index;
            card.streams.push_back(std::move(stream));
            if (card.streams.size() > max_streams)
                throw BadConfig(
                    fmt::format("{} has more than {} streams", frontend_path, max_streams));
        }
    }
    if (card.streams.empty())
        throw BadConfig(fmt::format("{} configures no stream: expected {}/0/0/type and so on",
                                    frontend_path, frontend_path));
    return card;
}

} // namespace sndback

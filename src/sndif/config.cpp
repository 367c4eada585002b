// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/config.hpp"

#include "base/checked.hpp"
#include "sndif/config_layer.hpp"
#include "sndif/config_reader.hpp"
#include "sndif/protocol.hpp"

namespace xen_front {

namespace {

// "0", or "0/1": longer than any that is within the limits.
using DirectoryName = Text<16>;

// Collects the numbers among the names in a directory: those of its devices or streams.
class NumberedChildren {
  public:
    void add(StringView name)
    {
        auto number = parse_decimal(name);
        if (number.is_error() || (name.size() > 1 && name[0] == '0'))
            return;
        if (number.value() >= tracked) {
            beyond_++;
            lowest_beyond_ = min(lowest_beyond_, number.value());
        } else {
            seen_ |= uint64_t { 1 } << number.value();
        }
    }

    uint32_t count() const
    {
        uint32_t count = beyond_;
        for (uint32_t number = 0; number < tracked; number++)
            count += is_seen(number) ? 1 : 0;
        return count;
    }
    // The lowest number that is not there.
    uint32_t first_missing() const
    {
        return next(0, false);
    }
    // The lowest number above first_missing() that is there; only when count() is larger.
    uint32_t first_stray() const
    {
        const uint32_t stray = next(first_missing(), true);
        return stray < tracked ? stray : lowest_beyond_;
    }

  private:
    bool is_seen(uint32_t number) const
    {
        return (seen_ >> number & 1) != 0;
    }
    uint32_t next(uint32_t number, bool seen) const
    {
        while (number < tracked && is_seen(number) != seen)
            number++;
        return number;
    }

    static constexpr uint32_t tracked = 64; // numbers below this are remembered one by one
    static_assert(devices_max <= tracked && streams_max <= tracked);

    uint64_t seen_ = 0; // bits of the numbers below @tracked
    uint32_t beyond_ = 0; // how many others there are
    uint32_t lowest_beyond_ = ~uint32_t { 0 };
};

// What a directory of numbered children holds, for messages.
struct ChildKind {
    const char *plural;
    uint32_t most;
    const char *limit; // "at most <most>" of these words
};

constexpr ChildKind device_kind = { "devices", devices_max, "are allowed in a card" };
constexpr ChildKind stream_kind = { "streams", streams_max,
                                    "are allowed in all devices of a card together" };

class CardParser {
  public:
    CardParser(const ConfigSource &source, CardConfig &card, ConfigScratch &scratch,
               Diagnostic &why)
        : reader_(source, scratch.value, why), card_(card), scratch_(scratch)
    {
    }

    Result<void> parse();

  private:
    Result<void> parse_device(uint32_t index);
    Result<void> parse_stream(StringView device_directory, uint32_t device, uint32_t number);
    Result<StreamType> read_type(StringView directory);
    // How many numbered children @directory has: at least one, without gaps, no more than allowed
    // when there are @used elsewhere.
    Result<uint32_t> count_children(StringView directory, const ChildKind &kind, uint32_t used);

    ConfigReader reader_;
    CardConfig &card_;
    ConfigScratch &scratch_;
};

Result<uint32_t> CardParser::count_children(StringView directory, const ChildKind &kind,
                                            uint32_t used)
{
    NumberedChildren children;
    auto listed = reader_.list(directory, { &children, [](void *context, StringView name) {
                                               static_cast<NumberedChildren *>(context)->add(name);
                                           } });
    if (listed.is_error()) {
        if (listed.error() == Error::TooBig) {
            reader_.refuse(directory) << "has more nodes than XenStore can list; at most "
                                      << kind.most << " " << kind.plural << " " << kind.limit;
            return Error::NoSpace;
        }
        return listed.error();
    }
    const uint32_t count = children.count();
    if (count == 0) {
        reader_.refuse(directory) << "has no " << kind.plural
                                  << "; there has to be at least the directory \"0\"";
        return Error::Invalid;
    }
    if (count > kind.most - used) {
        reader_.refuse(directory) << "has " << count << " " << kind.plural << "; at most "
                                  << kind.most << " " << kind.limit;
        return Error::NoSpace;
    }
    if (children.first_missing() != count) {
        reader_.refuse(directory) << "has \"" << children.first_stray() << "\" but not \""
                                  << children.first_missing() << "\"; " << kind.plural
                                  << " have to be numbered from 0 without gaps";
        return Error::Invalid;
    }
    return count;
}

Result<void> CardParser::parse()
{
    card_.device_count = 0;
    card_.stream_count = 0;
    TRY(reader_.read_name({ "", field::short_name }, card_.short_name));
    TRY(reader_.read_name({ "", field::long_name }, card_.long_name));
    TRY(read_layer(reader_, "", nullptr, scratch_.card));
    const uint32_t devices = TRY(count_children("", device_kind, 0));
    for (uint32_t index = 0; index < devices; index++)
        TRY(parse_device(index));
    return {};
}

Result<void> CardParser::parse_device(uint32_t index)
{
    DirectoryName directory;
    directory << index;
    DeviceConfig &device = card_.devices[card_.device_count++];
    device.playback_count = 0;
    device.capture_count = 0;
    TRY(reader_.read_name({ directory.view(), field::device_name }, device.name));
    TRY(read_layer(reader_, directory.view(), &scratch_.card, scratch_.device));
    const uint32_t streams = TRY(count_children(directory.view(), stream_kind, card_.stream_count));
    for (uint32_t number = 0; number < streams; number++)
        TRY(parse_stream(directory.view(), index, number));
    return {};
}

Result<void> CardParser::parse_stream(StringView device_directory, uint32_t device, uint32_t number)
{
    DirectoryName directory;
    directory << device_directory << "/" << number;
    DeviceConfig &parent = card_.devices[device];
    StreamConfig &stream = card_.streams[card_.stream_count++];
    stream.device = device;
    stream.number = number;
    stream.type = TRY(read_type(directory.view()));
    stream.substream =
        stream.type == StreamType::Playback ? parent.playback_count++ : parent.capture_count++;
    TRY(reader_.read_name({ directory.view(), field::unique_id }, stream.unique_id));
    TRY(read_layer(reader_, directory.view(), &scratch_.device, scratch_.stream));
    stream.settings = scratch_.stream.settings;
    return {};
}

Result<StreamType> CardParser::read_type(StringView directory)
{
    const ConfigNode node = { directory, field::stream_type };
    StringView value;
    if (!TRY(reader_.read(node, value))) {
        reader_.refuse(node) << "is missing; it has to be \"p\" (playback) or \"c\" (capture)";
        return Error::Invalid;
    }
    if (value.equals_ignoring_case("p"))
        return StreamType::Playback;
    if (value.equals_ignoring_case("c"))
        return StreamType::Capture;
    reader_.refuse(node, value) << " is neither \"p\" (playback) nor \"c\" (capture)";
    return Error::Invalid;
}

} // namespace

Result<void> parse_config(const ConfigSource &source, CardConfig &card, ConfigScratch &scratch,
                          Diagnostic &why)
{
    return CardParser(source, card, scratch, why).parse();
}

Result<void> negotiate_version(StringView path, StringView versions, Diagnostic &why)
{
    bool is_any_named = false;
    Tokenizer items(versions, field::list_separator);
    for (StringView item; items.next(item);) {
        is_any_named |= !item.is_empty();
        auto version = parse_decimal(item);
        if (!version.is_error() && version.value() == wire::protocol_version)
            return {};
    }
    if (!is_any_named)
        return {};
    why.clear();
    why << path << "/" << field::backend_versions << ": \"";
    why.append_untrusted(versions, 40)
        << "\" does not offer protocol version " << wire::protocol_version
        << ", which this driver needs for position events and hardware parameter queries";
    return Error::Invalid;
}

} // namespace xen_front

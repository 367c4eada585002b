// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/config_layer.hpp"

#include "base/checked.hpp"
#include "sndif/config_defaults.hpp"
#include "sndif/formats.hpp"
#include "sndif/protocol.hpp"

namespace xen_front {

namespace {

// Bits of PcmLayer::stated.
enum class Setting : uint32_t {
    ChannelsMin = 1 << 0,
    ChannelsMax = 1 << 1,
    Rates = 1 << 2,
    Formats = 1 << 3,
    BufferSize = 1 << 4,
};

// A setting that is a single number.
struct NumberSetting {
    Setting setting;
    const char *node;
    uint32_t PcmSettings::*member;
    uint32_t least;
    uint32_t most;
};

constexpr NumberSetting channels_min_setting = {
    Setting::ChannelsMin, field::channels_min, &PcmSettings::channels_min, 1, channels_limit,
};
constexpr NumberSetting channels_max_setting = {
    Setting::ChannelsMax, field::channels_max, &PcmSettings::channels_max, 1, channels_limit,
};
constexpr NumberSetting buffer_size_setting = {
    Setting::BufferSize, field::buffer_size, &PcmSettings::buffer_bytes,
    buffer_bytes_least,  buffer_bytes_limit,
};

// So many rates or formats of a layer above are named in a message.
constexpr uint32_t named_max = 12;

bool contains_rate(const PcmSettings &settings, uint32_t rate)
{
    for (uint32_t i = 0; i < settings.rate_count; i++) {
        if (settings.rates[i] == rate)
            return true;
    }
    return false;
}

// Adds @rate at its place in the ascending order; it is not there yet. False when all are taken.
bool insert_rate(PcmSettings &settings, uint32_t rate)
{
    if (settings.rate_count == rates_max)
        return false;
    uint32_t place = settings.rate_count++;
    for (; place > 0 && settings.rates[place - 1] > rate; place--)
        settings.rates[place] = settings.rates[place - 1];
    settings.rates[place] = rate;
    return true;
}

bool states(const PcmLayer &layer, Setting setting)
{
    return (layer.stated & static_cast<uint32_t>(setting)) != 0;
}

// @layer or the nearest one above that states @setting itself; nullptr when it is a default.
const PcmLayer *find_stating_layer(const PcmLayer *layer, Setting setting)
{
    while (layer != nullptr && !states(*layer, setting))
        layer = layer->upper;
    return layer;
}

class LayerReader {
  public:
    LayerReader(ConfigReader &reader, PcmLayer &layer) : reader_(reader), layer_(layer)
    {
    }

    Result<void> read()
    {
        TRY(read_number(channels_min_setting));
        TRY(read_number(channels_max_setting));
        TRY(read_rates());
        TRY(read_formats());
        TRY(read_number(buffer_size_setting));
        TRY(check_channels());
        return check_at_most(buffer_size_setting, buffer_size_setting, layer_.upper);
    }

  private:
    ConfigNode node(const char *name) const
    {
        return { layer_.directory, name };
    }
    void mark_stated(Setting setting)
    {
        layer_.stated |= static_cast<uint32_t>(setting);
    }

    Result<void> read_number(const NumberSetting &number)
    {
        if (TRY(reader_.read_number(node(number.node), number.least, number.most,
                                    layer_.settings.*number.member)))
            mark_stated(number.setting);
        return {};
    }

    Result<void> read_rates();
    Result<void> add_rate(StringView item, const PcmLayer *bound);
    Result<void> read_formats();
    Result<void> add_format(StringView item, const PcmLayer *bound);
    Result<void> check_channels();
    Result<void> check_at_least(const NumberSetting &number, const NumberSetting &bound,
                                const PcmLayer *from);
    Result<void> check_at_most(const NumberSetting &number, const NumberSetting &bound,
                               const PcmLayer *from);
    Error refuse_number(const NumberSetting &number, const char *relation,
                        const NumberSetting &bound, const PcmLayer &from);

    ConfigReader &reader_;
    PcmLayer &layer_;
};

// The message "x/channels-max: "6" is above channels-max "2" of y".
Error LayerReader::refuse_number(const NumberSetting &number, const char *relation,
                                 const NumberSetting &bound, const PcmLayer &from)
{
    reader_.refuse(node(number.node))
        << "\"" << layer_.settings.*number.member << "\" is " << relation << " " << bound.node
        << " \"" << from.settings.*bound.member << "\" of ";
    reader_.name_directory(from.directory);
    return Error::Invalid;
}

// When this layer states @number, it is not to be less than @bound of @from or the nearest layer
// above that states it.
Result<void> LayerReader::check_at_least(const NumberSetting &number, const NumberSetting &bound,
                                         const PcmLayer *from)
{
    from = find_stating_layer(from, bound.setting);
    if (from != nullptr && states(layer_, number.setting) &&
        layer_.settings.*number.member < from->settings.*bound.member)
        return refuse_number(number, "below", bound, *from);
    return {};
}

Result<void> LayerReader::check_at_most(const NumberSetting &number, const NumberSetting &bound,
                                        const PcmLayer *from)
{
    from = find_stating_layer(from, bound.setting);
    if (from != nullptr && states(layer_, number.setting) &&
        layer_.settings.*number.member > from->settings.*bound.member)
        return refuse_number(number, "above", bound, *from);
    return {};
}

Result<void> LayerReader::check_channels()
{
    TRY(check_at_least(channels_min_setting, channels_min_setting, layer_.upper));
    TRY(check_at_most(channels_max_setting, channels_max_setting, layer_.upper));
    TRY(check_at_most(channels_min_setting, channels_max_setting, &layer_));
    TRY(check_at_least(channels_max_setting, channels_min_setting, &layer_));
    // What remains is a stated least above the default for most, which gives way.
    layer_.settings.channels_max = max(layer_.settings.channels_max, layer_.settings.channels_min);
    return {};
}

Result<void> LayerReader::add_rate(StringView item, const PcmLayer *bound)
{
    const ConfigNode rates = node(field::sample_rates);
    auto rate = parse_decimal(item);
    if (rate.is_error() || rate.value() == 0 || rate.value() > rate_limit) {
        reader_.refuse(rates, item) << " is not a decimal number from 1 to " << rate_limit;
        return Error::Invalid;
    }
    if (contains_rate(layer_.settings, rate.value()))
        return {};
    if (bound != nullptr && !contains_rate(bound->settings, rate.value())) {
        TextBuilder &why = reader_.refuse(rates, item) << " is not among the sample-rates of ";
        reader_.name_directory(bound->directory);
        const PcmSettings &allowed = bound->settings;
        for (uint32_t i = 0; i < min(allowed.rate_count, named_max); i++)
            why << (i == 0 ? ": " : ",") << allowed.rates[i];
        if (allowed.rate_count > named_max)
            why << ",...";
        return Error::Invalid;
    }
    if (!insert_rate(layer_.settings, rate.value())) {
        reader_.refuse(rates, item)
            << " is one too many; at most " << rates_max << " different rates are allowed";
        return Error::NoSpace;
    }
    return {};
}

Result<void> LayerReader::read_rates()
{
    const ConfigNode rates = node(field::sample_rates);
    StringView value;
    if (!TRY(reader_.read(rates, value)))
        return {};
    const PcmLayer *bound = find_stating_layer(layer_.upper, Setting::Rates);
    layer_.settings.rate_count = 0;
    Tokenizer items(value, field::list_separator);
    for (StringView item; items.next(item);) {
        if (!item.is_empty())
            TRY(add_rate(item, bound));
    }
    if (layer_.settings.rate_count == 0) {
        reader_.refuse(rates, value) << " names no rate; a list such as 44100,48000 is expected";
        return Error::Invalid;
    }
    mark_stated(Setting::Rates);
    return {};
}

Result<void> LayerReader::add_format(StringView item, const PcmLayer *bound)
{
    const ConfigNode formats = node(field::sample_formats);
    const SampleFormat *format = find_format_by_name(item);
    if (format == nullptr) {
        reader_.refuse(formats, item) << " is not one of the " << uint64_t { sample_format_count }
                                      << " sndif formats (such as s16_le)";
        return Error::Invalid;
    }
    const uint64_t bit = uint64_t { 1 } << format->sndif;
    if (bound != nullptr && (bound->settings.formats & bit) == 0) {
        TextBuilder &why = reader_.refuse(formats, item) << " is not among the sample-formats of ";
        reader_.name_directory(bound->directory);
        uint32_t named = 0;
        for (const SampleFormat &allowed : sample_formats) {
            if ((bound->settings.formats & uint64_t { 1 } << allowed.sndif) == 0)
                continue;
            if (named == named_max) {
                why << ",...";
                break;
            }
            why << (named++ == 0 ? ": " : ",") << allowed.name;
        }
        return Error::Invalid;
    }
    layer_.settings.formats |= bit;
    return {};
}

Result<void> LayerReader::read_formats()
{
    const ConfigNode formats = node(field::sample_formats);
    StringView value;
    if (!TRY(reader_.read(formats, value)))
        return {};
    const PcmLayer *bound = find_stating_layer(layer_.upper, Setting::Formats);
    layer_.settings.formats = 0;
    Tokenizer items(value, field::list_separator);
    for (StringView item; items.next(item);) {
        if (!item.is_empty())
            TRY(add_format(item, bound));
    }
    if (layer_.settings.formats == 0) {
        reader_.refuse(formats, value) << " names no format; a list such as u8,s16_le is expected";
        return Error::Invalid;
    }
    mark_stated(Setting::Formats);
    return {};
}

} // namespace

Result<void> read_layer(ConfigReader &reader, StringView directory, const PcmLayer *upper,
                        PcmLayer &layer)
{
    layer.upper = upper;
    layer.directory = directory;
    layer.stated = 0;
    if (upper != nullptr)
        layer.settings = upper->settings;
    else
        set_defaults(layer.settings);
    return LayerReader(reader, layer).read();
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "driver/xenstore_config.hpp"

#include "kernel/sound_card.hpp"
#include "sndif/protocol.hpp"

namespace xen_front {

namespace {

Result<size_t> read_node(void *device, StringView node, char *value, size_t capacity)
{
    Text<64> name;
    name << node;
    auto read =
        TRY(XenStoreValue::read(static_cast<XenbusDevice *>(device)->path(), name.c_string()));
    const StringView text = read.view();
    __builtin_memcpy(value, text.data(), min(text.size(), capacity));
    return text.size();
}

Result<void> list_directory(void *device, StringView directory, const NameVisitor &visitor)
{
    Text<64> name;
    name << directory;
    auto listing =
        TRY(XenStoreListing::read(static_cast<XenbusDevice *>(device)->path(), name.c_string()));
    for (size_t i = 0; i < listing.size(); i++)
        visitor.visit(visitor.context, listing[i]);
    return {};
}

Result<void> check_version(XenbusDevice device, Diagnostic &why)
{
    auto versions = XenStoreValue::read(device.backend_path(), field::backend_versions);
    if (versions.is_error() && versions.error() != Error::NoEntry)
        return versions.error();
    const StringView list = versions.is_error() ? StringView() : versions.value().view();
    return negotiate_version(device.backend_path(), list, why);
}

StringView last_word(StringView text)
{
    text = text.trimmed();
    for (size_t at = text.find(' '); at < text.size(); at = text.find(' '))
        text = text.slice(at + 1);
    return text;
}

} // namespace

void choose_card_id(XenbusDevice device, StringView short_name, TextBuilder &id)
{
    // Toolstacks number cards from 0 on. Each is a wait for XenStore, and any number can be there.
    constexpr uint32_t most_siblings = 64;
    constexpr size_t id_length_max = 15; // ALSA cuts longer ones, and the number with them
    const StringView word = last_word(short_name);
    for (uint32_t number = 0; number < min(device.number(), most_siblings); number++) {
        Text<64> sibling;
        sibling << "device/vsnd/" << number;
        auto name = XenStoreValue::read(sibling.c_string(), field::short_name);
        const bool is_named = !name.is_error() && !name.value().view().is_empty();
        // A sibling without a name is there all the same; a number without a device is not.
        if (!is_named && XenStoreValue::read(sibling.c_string(), "state").is_error())
            continue;
        if (last_word(is_named ? name.value().view() : default_short_name) == word) {
            Text<12> suffix;
            suffix << device.number();
            id << word.slice(0, id_length_max - suffix.view().size()) << suffix.view();
            return;
        }
    }
}

Result<Box<CardConfig>> read_config(XenbusDevice device, Diagnostic &why)
{
    TRY(check_version(device, why));
    auto config = TRY(Box<CardConfig>::create());
    auto scratch = TRY(Box<ConfigScratch>::create());
    const ConfigSource source = {
        .context = &device,
        .read = read_node,
        .list = list_directory,
        .path = device.path(),
    };
    TRY(parse_config(source, *config, *scratch, why));
    if (config->device_count > SoundCard::devices_max()) {
        why << device.path() << ": " << config->device_count << " PCM devices, but this kernel, "
            << "without CONFIG_SND_DYNAMIC_MINORS, has room for " << SoundCard::devices_max();
        return Error::NoSpace;
    }
    return move(config);
}

} // namespace xen_front

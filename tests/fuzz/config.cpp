// SPDX-License-Identifier: GPL-2.0-only
// Feeds parse_config() and negotiate_version() anything that XenStore may say.
//
// The input is lines of text. "path=value" is a node below the card's directory; "!N" lets call
// number N of the source fail; "?list" is the backend's list of versions.
#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/require.hpp"
#include "sndif/config.hpp"
#include "support/config_promises.hpp"
#include "support/config_tree.hpp"
#include "support/strings.hpp"

namespace xen_front::test {
namespace {

// The card that @tree describes, or nothing. Checks what is promised of either.
std::unique_ptr<CardConfig> parse(ConfigTree &tree)
{
    auto card = std::make_unique<CardConfig>();
    auto scratch = std::make_unique<ConfigScratch>();
    Diagnostic why;
    auto result = parse_config(tree.source(), *card, *scratch, why);
    if (result.is_error()) {
        require(find_message_fault(why, tree.source().path).empty(), "a failure has a message",
                find_message_fault(why, tree.source().path));
        return nullptr;
    }
    require(why.is_empty(), "success has no message", why.c_string());
    const std::string broken = find_broken_promise(*card);
    require(broken.empty(), "a card is as config.hpp says", broken);
    return card;
}

// What a layer's settings give by themselves: a card with only these and one stream.
PcmSettings settings_alone(const ConfigTree &tree, const std::string &directory)
{
    ConfigTree alone(NodeMap { { "0/0/type", "p" } });
    for (const char *name :
         { "channels-min", "channels-max", "sample-rates", "sample-formats", "buffer-size" }) {
        const std::string node = directory + name;
        if (tree.has(node))
            alone[name] = tree.nodes().at(node);
    }
    const auto card = parse(alone);
    require(card != nullptr, "a layer of a good card is good by itself", directory);
    return card->streams[0].settings;
}

// @stream is a subset of what the layer in @directory states.
void check_subset(const ConfigTree &tree, const std::string &directory, const PcmSettings &stream)
{
    const PcmSettings layer = settings_alone(tree, directory);
    if (tree.has(directory + "channels-min"))
        require(stream.channels_min >= layer.channels_min, "channels-min is a subset", directory);
    if (tree.has(directory + "channels-max"))
        require(stream.channels_max <= layer.channels_max, "channels-max is a subset", directory);
    if (tree.has(directory + "sample-rates"))
        require(std::includes(layer.rates, layer.rates + layer.rate_count, stream.rates,
                              stream.rates + stream.rate_count),
                "sample-rates are a subset", directory);
    if (tree.has(directory + "sample-formats"))
        require((stream.formats & ~layer.formats) == 0, "sample-formats are a subset", directory);
    if (tree.has(directory + "buffer-size"))
        require(stream.buffer_bytes <= layer.buffer_bytes, "buffer-size is a subset", directory);
}

void check_layers(const ConfigTree &tree, CardConfig &card)
{
    for (const StreamConfig &stream : card.all_streams()) {
        const std::string device = std::to_string(stream.device) + "/";
        const std::string number = std::to_string(stream.number) + "/";
        check_subset(tree, "", stream.settings);
        check_subset(tree, device, stream.settings);
        check_subset(tree, device + number, stream.settings);
    }
}

void check_versions(std::string_view versions)
{
    Diagnostic why;
    const char *const path = "/local/domain/0/backend/vsnd/1/0";
    if (negotiate_version(path, to_view(versions), why).is_error())
        require(find_message_fault(why, path).empty(), "a refused version has a message");
    else
        require((versions.find('2') != std::string_view::npos ||
                 versions.find_first_not_of(", \t\r\n") == std::string_view::npos) &&
                    why.is_empty(),
                "version 2 is on the list, or nothing");
}

bool is_path(std::string_view path)
{
    return !path.empty() && path.front() != '/' && path.back() != '/' &&
           path.find("//") == std::string_view::npos;
}

void fuzz(std::string_view input)
{
    ConfigTree tree;
    bool has_failing_call = false;
    while (!input.empty()) {
        const std::string_view line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(input.size(), line.size() + 1));
        unsigned call = 0;
        const size_t equals = line.find('=');
        if (line.starts_with('!') &&
            std::from_chars(line.data() + 1, line.data() + line.size(), call).ec == std::errc()) {
            tree.fail_call(call, Error::Io);
            has_failing_call = true;
        } else if (line.starts_with('?')) {
            check_versions(line.substr(1));
        } else if (equals != std::string_view::npos && is_path(line.substr(0, equals))) {
            tree[std::string(line.substr(0, equals))] = line.substr(equals + 1);
        }
    }
    const auto card = parse(tree);
    if (card == nullptr)
        return;
    require(!has_failing_call || tree.failed_node().empty(), "a failed call is not success");
    check_layers(tree, *card);
}

} // namespace
} // namespace xen_front::test

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    xen_front::test::fuzz({ reinterpret_cast<const char *>(data), size });
    return 0;
}

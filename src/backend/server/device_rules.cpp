// SPDX-License-Identifier: GPL-2.0-only
#include "server/device_rules.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include <fmt/core.h>

namespace sndback {

namespace {

// A file's name may have 255 octets; other things go into it as well.
constexpr std::size_t longest_name = 64;

// The first '=' that no backslash stands before.
std::size_t find_equals(const std::string &text)
{
    for (std::size_t at = 0; at < text.size(); ++at)
        if (text[at] == '\\')
            ++at;
        else if (text[at] == '=')
            return at;
    return std::string::npos;
}

// Whether the key ends in :p or :c as a suffix and not as a part of the pattern.
bool has_direction(const std::string &key)
{
    if (!key.ends_with(":p") && !key.ends_with(":c"))
        return false;
    std::size_t backslashes = 0;
    while (backslashes + 2 < key.size() && key[key.size() - 3 - backslashes] == '\\')
        ++backslashes;
    return backslashes % 2 == 0;
}

} // namespace

std::string path_component(const std::string &text)
{
    std::string result = text.substr(0, longest_name);
    for (char &character : result)
        if (std::isalnum(static_cast<unsigned char>(character)) == 0 && character != '-' &&
            character != '_' && character != '.')
            character = '_';
    // Neither this directory, nor the one above, nor a hidden file.
    if (result.empty() || result.front() == '.')
        result.insert(result.begin(), '_');
    return result;
}

DeviceSpec parse_device_spec(const std::string &text)
{
    if (text == "null")
        return { DeviceSpec::Kind::null, "" };
    if (text == "pattern")
        return { DeviceSpec::Kind::pattern, "" };
    if (text.starts_with("wav:") && text.size() > 4) {
        (void)expand_path(text.substr(4), StreamName {});
        return { DeviceSpec::Kind::wav, text.substr(4) };
    }
    if (text.starts_with("loop:") && text.size() > 5) {
        (void)expand_path(text.substr(5), StreamName {});
        return { DeviceSpec::Kind::loop, text.substr(5) };
    }
    if (text.starts_with("alsa:") && text.size() > 5)
        return { DeviceSpec::Kind::alsa, text.substr(5) };
    throw std::invalid_argument(
        fmt::format("device '{}': must be null, pattern, wav:PATH, loop:NAME or alsa:PCM", text));
}

bool DeviceRule::matches(const StreamName &name) const
{
    if (direction != 0 && (direction == 'p') != name.playback)
        return false;
    const std::string place =
        fmt::format("{}/{}/{}/{}", name.domain, name.card, name.device, name.index);
    return fnmatch(pattern.c_str(), name.unique_id.c_str(), 0) == 0 ||
           fnmatch(pattern.c_str(), place.c_str(), 0) == 0;
}

DeviceRule parse_device_rule(const std::string &text)
{
    const std::size_t equals = find_equals(text);
    if (equals == std::string::npos || equals == 0)
        throw std::invalid_argument(
            fmt::format("rule '{}': must be KEY=DEVICE, as in 'music=alsa:hw:0,0'; a '=' in KEY is "
                        "written '\\='",
                        text));
    DeviceRule rule { text.substr(0, equals), 0, parse_device_spec(text.substr(equals + 1)) };
    if (has_direction(rule.pattern)) {
        rule.direction = rule.pattern.back();
        rule.pattern.resize(rule.pattern.size() - 2);
    }
    return rule;
}

bool is_harmless_source(const DeviceSpec &device)
{
    return device.kind != DeviceSpec::Kind::alsa && device.kind != DeviceSpec::Kind::wav;
}

const DeviceSpec *GuestRules::choose(const StreamName &name) const
{
    for (const DeviceRule &rule : rules)
        if (rule.matches(name))
            return name.playback || rule.direction == 'c' || is_harmless_source(rule.device)
                       ? &rule.device
                       : nullptr;
    const auto &otherwise = name.playback ? playback : capture;
    return otherwise ? &*otherwise : nullptr;
}

std::string expand_path(const std::string &pattern, const StreamName &name,
                        const GuestIdentity &guest)
{
    std::string path;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        if (pattern[at] != '%') {
            path += pattern[at];
            continue;
        }
        const char letter = ++at < pattern.size() ? pattern[at] : '\0';
        switch (letter) {
        case 'd':
            path += std::to_string(name.domain);
            break;
        case 'c':
            path += std::to_string(name.card);
            break;
        case 'p':
            path += std::to_string(name.device);
            break;
        case 's':
            path += std::to_string(name.index);
            break;
        case 'u':
            path += path_component(name.unique_id);
            break;
        case 'n':
            path += path_component(guest.lasting_name());
            break;
        case 'i':
            path += path_component(guest.uuid);
            break;
        case '%':
            path += '%';
            break;
        default:
            throw std::invalid_argument(fmt::format(
                "path '{}': after % must come one of d (domain), c (card), p (device), s (stream), "
                "u (unique-id), n (name of the guest), i (its UUID), %",
                pattern));
        }
    }
    return path;
}

} // namespace sndback

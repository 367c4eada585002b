// SPDX-License-Identifier: GPL-2.0-only
#include "server/device_rules.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "audio/alsa_device.h"
#include "audio/clocked_device.h"
#include "audio/wav.h"

namespace sndback {

namespace {

Limits wav_limits(const std::string &path)
{
    const WavInfo info = read_wav_info(path);
    Limits limits;
    limits.formats = std::uint64_t { 1 } << info.format.format->wire;
    limits.rate_range = { info.format.rate, info.format.rate };
    limits.channels = { info.format.channels, info.format.channels };
    return limits;
}

std::unique_ptr<Source> open_wav_source(const std::string &path, const StreamFormat &wanted,
                                        DeviceListener &listener)
{
    auto source = std::make_unique<WavSource>(path, listener);
    const StreamFormat &have = source->info().format;
    if (have.format != wanted.format || have.rate != wanted.rate ||
        have.channels != wanted.channels)
        throw Refusal(
            -XEN_EINVAL,
            fmt::format("{} has {}, {} Hz, {} channels, but {}, {} Hz, {} channels are asked for",
                        path, have.format->name, have.rate, have.channels, wanted.format->name,
                        wanted.rate, wanted.channels));
    return source;
}

snd_pcm_stream_t alsa_direction(const StreamName &name)
{
    return name.playback ? SND_PCM_STREAM_PLAYBACK : SND_PCM_STREAM_CAPTURE;
}

// Only what a frontend can make sense of; the rest is "it does not work".
int status_of(const AlsaError &error)
{
    switch (error.error()) {
    case EBUSY:
        return -XEN_EBUSY;
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return -XEN_ENODEV;
    case EINVAL:
        return -XEN_EINVAL;
    default:
        return -XEN_EIO;
    }
}

std::string clean(const std::string &text)
{
    std::string result = text;
    for (char &character : result)
        if (std::isalnum(static_cast<unsigned char>(character)) == 0 && character != '-' &&
            character != '_' && character != '.')
            character = '_';
    return result;
}

} // namespace

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
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
        throw std::invalid_argument(
            fmt::format("rule '{}': must be KEY=DEVICE, as in 'music=alsa:hw:0,0'", text));
    DeviceRule rule { text.substr(0, equals), 0, parse_device_spec(text.substr(equals + 1)) };
    if (rule.pattern.ends_with(":p") || rule.pattern.ends_with(":c")) {
        rule.direction = rule.pattern.back();
        rule.pattern.resize(rule.pattern.size() - 2);
    }
    return rule;
}

std::string expand_path(const std::string &pattern, const StreamName &name)
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
            path += clean(name.unique_id);
            break;
        case '%':
            path += '%';
            break;
        default:
            throw std::invalid_argument(fmt::format(
                "path '{}': after % must come one of d (domain), c (card), p (device), s (stream), "
                "u (unique-id), %",
                pattern));
        }
    }
    return path;
}

const DeviceSpec &DeviceFactory::choose(const StreamName &name) const
{
    const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const DeviceRule &candidate) {
        return candidate.matches(name);
    });
    return rule == rules_.end() ? fallback_ : rule->device;
}

std::string DeviceFactory::describe(const StreamName &name) const
{
    const DeviceSpec &spec = choose(name);
    switch (spec.kind) {
    case DeviceSpec::Kind::null:
        return "null";
    case DeviceSpec::Kind::pattern:
        return "pattern";
    case DeviceSpec::Kind::wav:
        return "wav:" + expand_path(spec.argument, name);
    case DeviceSpec::Kind::loop:
        return "loop:" + expand_path(spec.argument, name);
    case DeviceSpec::Kind::alsa:
        return "alsa:" + spec.argument;
    }
    return "";
}

Limits DeviceFactory::limits(const StreamName &name)
{
    const DeviceSpec &spec = choose(name);
    if (spec.kind == DeviceSpec::Kind::wav && !name.playback) {
        try {
            return wav_limits(expand_path(spec.argument, name));
        } catch (const std::runtime_error &error) {
            throw Refusal(-XEN_ENODEV, error.what());
        }
    }
    if (spec.kind != DeviceSpec::Kind::alsa)
        return {};

    const std::string key = (name.playback ? "p:" : "c:") + spec.argument;
    const std::lock_guard lock(mutex_);
    if (const auto known = alsa_limits_.find(key); known != alsa_limits_.end())
        return known->second;
    try {
        return alsa_limits_.emplace(key, AlsaPcm(spec.argument, alsa_direction(name)).limits())
            .first->second;
    } catch (const AlsaError &error) {
        throw Refusal(status_of(error), error.what());
    }
}

std::unique_ptr<PcmDevice> DeviceFactory::open(const StreamName &name,
                                               const OpenParameters &parameters, const Gain &gain,
                                               DeviceListener &listener)
{
    const DeviceSpec &spec = choose(name);
    try {
        if (spec.kind == DeviceSpec::Kind::alsa) {
            if (name.playback)
                return std::make_unique<AlsaPlayback>(spec.argument, parameters, gain, listener);
            return std::make_unique<AlsaCapture>(spec.argument, parameters, gain, listener);
        }
        if (name.playback) {
            std::unique_ptr<Sink> sink = std::make_unique<NullSink>();
            if (spec.kind == DeviceSpec::Kind::wav)
                sink = std::make_unique<WavSink>(expand_path(spec.argument, name),
                                                 parameters.format, listener);
            else if (spec.kind == DeviceSpec::Kind::loop)
                sink = std::make_unique<LoopSink>(loops_.find(expand_path(spec.argument, name)),
                                                  parameters, gain);
            return std::make_unique<ClockedPlayback>(parameters, gain, std::move(sink), listener);
        }
        std::unique_ptr<Source> source = std::make_unique<SilenceSource>(parameters.format);
        if (spec.kind == DeviceSpec::Kind::wav)
            source = open_wav_source(expand_path(spec.argument, name), parameters.format, listener);
        else if (spec.kind == DeviceSpec::Kind::pattern)
            source = std::make_unique<PatternSource>();
        else if (spec.kind == DeviceSpec::Kind::loop)
            source = std::make_unique<LoopSource>(loops_.find(expand_path(spec.argument, name)),
                                                  parameters);
        return std::make_unique<ClockedCapture>(parameters, gain, std::move(source), listener);
    } catch (const AlsaError &error) {
        throw Refusal(status_of(error), error.what());
    } catch (const Refusal &) {
        throw;
    } catch (const std::runtime_error &error) {
        throw Refusal(-XEN_ENODEV, error.what());
    }
}

} // namespace sndback

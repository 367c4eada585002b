// SPDX-License-Identifier: GPL-2.0-only
//
// The devices behind the rules.
#include <array>

#include <fmt/core.h>

#include "audio/alsa_configuration.hpp"
#include "audio/alsa_device.hpp"
#include "audio/clocked_device.hpp"
#include "audio/wav.hpp"
#include "server/device_rules.hpp"

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

// Nothing would pace the guest, which plays, or records, as fast as its processor can.
void require_clock(const AlsaPcm &pcm)
{
    if (pcm.has_no_clock())
        throw Refusal(
            -XEN_ENODEV,
            fmt::format("ALSA PCM {} has no clock: it ends in ALSA's null PCM; choose the "
                        "device null, which keeps time, or a PCM of a card or sound server",
                        pcm.name()));
}

// The pattern with what is the same for all streams of a guest filled in.
std::string expand_guest(std::string pattern, const GuestIdentity &guest)
{
    const std::array<std::pair<std::string_view, std::string>, 3> parts {
        { { "%n", path_component(guest.lasting_name()) },
          { "%i", path_component(guest.uuid) },
          { "%d", std::to_string(guest.domain) } }
    };
    for (const auto &[letter, text] : parts)
        for (std::size_t at = 0; (at = pattern.find(letter, at)) != std::string::npos;)
            pattern.replace(at, letter.size(), text);
    return pattern;
}

std::string_view kind_name(DeviceSpec::Kind kind)
{
    switch (kind) {
    case DeviceSpec::Kind::null:
        return "null";
    case DeviceSpec::Kind::pattern:
        return "pattern";
    case DeviceSpec::Kind::wav:
        return "wav:";
    case DeviceSpec::Kind::loop:
        return "loop:";
    case DeviceSpec::Kind::alsa:
        return "alsa:";
    }
    return "";
}

} // namespace

DeviceFactory::DeviceFactory(GuestRules rules, GuestIdentity guest)
    : rules_(std::move(rules)), guest_(std::move(guest))
{
    recordings_.set(rules_.quota);
}

void DeviceFactory::set_rules(GuestRules rules, GuestIdentity guest)
{
    {
        const std::lock_guard lock(mutex_);
        recordings_.set(rules.quota);
        rules_ = std::move(rules);
        guest_ = std::move(guest);
    }
    // Forgotten first, counted then: limits() remembers with the count what it has asked alsa-lib
    // for, and must not take an answer by the old configuration for one by the new.
    forget_alsa_configuration();
    ++alsa_changes_;
}

// The PCM may be one of a card that has come since. How often a guest sees a PCM fail is its own
// choice, and to read the configuration takes some milliseconds.
void DeviceFactory::forget_after_failure()
{
    const auto is_due = [this] {
        const std::lock_guard lock(mutex_);
        return alsa_readings_.take(monotonic_now());
    };
    if (is_due())
        forget_alsa_configuration();
}

Quota DeviceFactory::quota() const
{
    const std::lock_guard lock(mutex_);
    return rules_.quota;
}

std::vector<std::string> DeviceFactory::directories() const
{
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    const auto add = [&](const DeviceSpec &device) {
        if (device.kind != DeviceSpec::Kind::wav)
            return;
        // Up to the last '/' before what differs from stream to stream.
        const std::string path = expand_guest(device.argument, guest_);
        const std::size_t slash = path.substr(0, path.find('%')).rfind('/');
        found.push_back(slash == std::string::npos ? "." : path.substr(0, slash + 1));
    };
    for (const DeviceRule &rule : rules_.rules)
        add(rule.device);
    for (const auto *device : { &rules_.playback, &rules_.capture })
        if (*device)
            add(**device);
    return found;
}

std::optional<DeviceFactory::Choice> DeviceFactory::choose(const StreamName &name) const
{
    const std::lock_guard lock(mutex_);
    const DeviceSpec *device = rules_.choose(name);
    if (device == nullptr)
        return std::nullopt;
    const bool is_pattern =
        device->kind == DeviceSpec::Kind::wav || device->kind == DeviceSpec::Kind::loop;
    return Choice { device->kind,
                    is_pattern ? expand_path(device->argument, name, guest_) : device->argument };
}

std::uint64_t DeviceFactory::recorded_files(const StreamName &name) const
{
    const std::optional<Choice> choice = choose(name);
    if (!choice || choice->kind != DeviceSpec::Kind::wav || !name.playback)
        return 0;
    return recordings_.files(std::filesystem::path(choice->argument).parent_path());
}

DeviceFactory::Choice DeviceFactory::require(const StreamName &name) const
{
    std::optional<Choice> choice = choose(name);
    if (!choice)
        throw Refusal(-XEN_EACCES,
                      name.playback
                          ? "playback is not granted to this guest; 'playback = DEVICE' in its "
                            "section of the configuration file would"
                          : "capture is not granted to this guest; 'capture = DEVICE' in its "
                            "section of the configuration file would");
    return *std::move(choice);
}

std::string DeviceFactory::describe(const StreamName &name) const
{
    const std::optional<Choice> choice = choose(name);
    return choice ? fmt::format("{}{}", kind_name(choice->kind), choice->argument) : nothing;
}

Limits DeviceFactory::limits(const StreamName &name)
{
    const Choice choice = require(name);
    if (choice.kind == DeviceSpec::Kind::wav && !name.playback) {
        try {
            return wav_limits(choice.argument);
        } catch (const std::runtime_error &error) {
            throw Refusal(-XEN_ENODEV, error.what());
        }
    }
    if (choice.kind != DeviceSpec::Kind::alsa)
        return {};

    const std::string key = (name.playback ? "p:" : "c:") + choice.argument;
    const std::lock_guard lock(alsa_mutex_);
    const unsigned as_of = alsa_changes_;
    const auto known = alsa_limits_.find(key);
    if (known != alsa_limits_.end() && known->second.as_of == as_of)
        return known->second.limits;
    try {
        const AlsaPcm pcm(choice.argument, alsa_direction(name));
        require_clock(pcm);
        return (alsa_limits_[key] = { pcm.limits(), as_of }).limits;
    } catch (const AlsaError &error) {
        if (known != alsa_limits_.end() && error.error() == EBUSY)
            return known->second.limits;
        if (error.error() != EBUSY)
            forget_after_failure();
        throw Refusal(status_of(error), error.what());
    }
}

std::unique_ptr<PcmDevice> DeviceFactory::open(const StreamName &name,
                                               const OpenParameters &parameters, const Gain &gain,
                                               DeviceListener &listener)
{
    const auto [kind, argument] = require(name);
    try {
        if (kind == DeviceSpec::Kind::alsa) {
            // The guest may not have asked what it can do.
            (void)limits(name);
            if (name.playback)
                return std::make_unique<AlsaPlayback>(argument, parameters, gain, listener);
            return std::make_unique<AlsaCapture>(argument, parameters, gain, listener);
        }
        if (name.playback) {
            std::unique_ptr<Sink> sink = std::make_unique<NullSink>();
            if (kind == DeviceSpec::Kind::wav)
                sink =
                    std::make_unique<WavSink>(argument, parameters.format, recordings_, listener);
            else if (kind == DeviceSpec::Kind::loop)
                sink = std::make_unique<LoopSink>(loops_.find(argument), parameters, gain);
            return std::make_unique<ClockedPlayback>(parameters, gain, std::move(sink), listener);
        }
        std::unique_ptr<Source> source = std::make_unique<SilenceSource>(parameters.format);
        if (kind == DeviceSpec::Kind::wav)
            source = open_wav_source(argument, parameters.format, listener);
        else if (kind == DeviceSpec::Kind::pattern)
            source = std::make_unique<PatternSource>();
        else if (kind == DeviceSpec::Kind::loop)
            source = std::make_unique<LoopSource>(loops_.find(argument), parameters);
        return std::make_unique<ClockedCapture>(parameters, gain, std::move(source), listener);
    } catch (const AlsaError &error) {
        // It may be another one than it was.
        if (error.error() != EBUSY) {
            forget_after_failure();
            ++alsa_changes_;
        }
        throw Refusal(status_of(error), error.what());
    } catch (const Refusal &) {
        throw;
    } catch (const std::runtime_error &error) {
        throw Refusal(-XEN_ENODEV, error.what());
    }
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// Which device a stream is connected to (--map, --default).
#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "audio/loop.h"
#include "audio/pcm_device.h"
#include "protocol/hw_params.h"
#include "server/journal.h"

namespace sndback {

// null | pattern | wav:PATH | loop:NAME | alsa:PCM, as described in --help.
struct DeviceSpec {
    enum class Kind {
        null,
        pattern,
        wav,
        loop,
        alsa
    };
    Kind kind = Kind::null;
    std::string argument; // path pattern, pattern of the loop's name, or PCM name
};

// Throws std::invalid_argument saying what is allowed.
[[nodiscard]] DeviceSpec parse_device_spec(const std::string &text);

// One --map: KEY=DEVICE, KEY being a shell pattern for the unique-id or for
// DOMID/CARD/DEVICE/STREAM, with an optional suffix :p or :c for playback or capture streams only.
struct DeviceRule {
    std::string pattern;
    char direction; // 'p', 'c', or 0 for both
    DeviceSpec device;

    [[nodiscard]] bool matches(const StreamName &name) const;
};

// Throws std::invalid_argument saying what is allowed.
[[nodiscard]] DeviceRule parse_device_rule(const std::string &text);

// Replaces %d, %c, %p, %s, %u and %% by domain, card, device, stream, unique-id and a percent sign.
// Of what a guest may have named, only letters, digits, '.', '-' and '_' go into a path, the rest
// becomes '_'. Throws std::invalid_argument on another letter.
[[nodiscard]] std::string expand_path(const std::string &pattern, const StreamName &name);

// Makes devices. Thread-safe: one for all streams.
class DeviceFactory {
  public:
    DeviceFactory(std::vector<DeviceRule> rules, DeviceSpec fallback)
        : rules_(std::move(rules)), fallback_(std::move(fallback))
    {
    }

    // What the device of a stream can do. For an ALSA PCM this opens it once and remembers the
    // answer, as it cannot be asked while it is in use. Throws Refusal.
    [[nodiscard]] Limits limits(const StreamName &name);

    // Opens the device of a stream. Throws Refusal.
    [[nodiscard]] std::unique_ptr<PcmDevice> open(const StreamName &name,
                                                  const OpenParameters &parameters,
                                                  const Gain &gain, DeviceListener &listener);

    // The rule's choice in the form of the command line, for the log.
    [[nodiscard]] std::string describe(const StreamName &name) const;

  private:
    [[nodiscard]] const DeviceSpec &choose(const StreamName &name) const;

    std::vector<DeviceRule> rules_;
    DeviceSpec fallback_;
    Loops loops_;
    std::mutex mutex_;
    std::unordered_map<std::string, Limits> alsa_limits_;
};

} // namespace sndback

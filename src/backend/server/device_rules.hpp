// SPDX-License-Identifier: GPL-2.0-only
//
// Which device a stream is connected to, and whether to any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "audio/loop.hpp"
#include "audio/pcm_device.hpp"
#include "audio/recording_quota.hpp"
#include "protocol/hw_params.hpp"
#include "server/guest_identity.hpp"
#include "server/quota.hpp"
#include "server/statistics.hpp"
#include "server/token_bucket.hpp"

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
// A backslash takes the special meaning of the next character: '=' and ':' included.
struct DeviceRule {
    std::string pattern;
    char direction; // 'p', 'c', or 0 for both
    DeviceSpec device;

    [[nodiscard]] bool matches(const StreamName &name) const;
};

// Throws std::invalid_argument saying what is allowed.
[[nodiscard]] DeviceRule parse_device_rule(const std::string &text);

// What one guest is allowed. Type and unique-id of a stream are claims of the guest: they choose
// among the devices that are here, and whatever they say, the guest gets none but these.
struct GuestRules {
    std::vector<DeviceRule> rules; // the first that matches decides,
    std::optional<DeviceSpec> playback; // otherwise these; nothing: refused
    std::optional<DeviceSpec> capture;
    Quota quota;

    // The device of a stream, nullptr if it is not granted one. Capture from a microphone or a
    // recording, which may be confidential, needs a rule for capture only.
    [[nodiscard]] const DeviceSpec *choose(const StreamName &name) const;
};

// Whether a guest may capture from a device without having been granted it by name: what comes out
// of it is made up here, or the guest's own.
[[nodiscard]] bool is_harmless_source(const DeviceSpec &device);

// The name as a part of a path that stays where it is: only letters, digits, '.', '-' and '_', not
// hidden, and not too long.
[[nodiscard]] std::string path_component(const std::string &text);

// Replaces %d, %c, %p, %s, %u, %n, %i and %% by domain, card, device, stream, unique-id, the name
// and the UUID of the guest, and a percent sign. Of names, only letters, digits, '.', '-' and '_'
// go into a path, the rest becomes '_', and none becomes a directory's "." or "..". Throws
// std::invalid_argument on another letter.
[[nodiscard]] std::string expand_path(const std::string &pattern, const StreamName &name,
                                      const GuestIdentity &guest = {});

// Makes the devices of one guest. Thread-safe: one for all its streams.
class DeviceFactory {
  public:
    explicit DeviceFactory(GuestRules rules, GuestIdentity guest = {});

    // For streams that are opened from now on; ALSA's configuration is read again for them.
    void set_rules(GuestRules rules, GuestIdentity guest);
    [[nodiscard]] Quota quota() const;

    // What an open stream takes of quotas, a second.
    struct Load {
        std::uint64_t periods = 0;
        std::uint64_t octets = 0;
    };
    // That part of the quotas, as long as it lives.
    class Share {
      public:
        // Throws Refusal if the open streams leave less.
        Share(DeviceFactory &devices, const Load &load);
        ~Share();
        Share(const Share &) = delete;
        Share &operator=(const Share &) = delete;

      private:
        DeviceFactory &devices_;
        Load load_;
    };

    // That are to be counted when this stream begins to record: as many as there were last time.
    [[nodiscard]] std::uint64_t recorded_files(const StreamName &name) const;

    // Where recordings and files to capture may lie.
    [[nodiscard]] std::vector<std::string> directories() const;

    // What the device of a stream can do. For an ALSA PCM this opens it and remembers the answer,
    // as it cannot be asked while it is in use, until the rules are set or a PCM fails to open.
    // Throws Refusal.
    [[nodiscard]] Limits limits(const StreamName &name);

    // Opens the device of a stream. Throws Refusal.
    [[nodiscard]] std::unique_ptr<PcmDevice> open(const StreamName &name,
                                                  const OpenParameters &parameters,
                                                  const Gain &gain, DeviceListener &listener);

    // The rule's choice in the form of the command line.
    static constexpr const char *nothing = "nothing";
    [[nodiscard]] std::string describe(const StreamName &name) const;

  private:
    struct Choice {
        DeviceSpec::Kind kind;
        std::string argument; // expanded
    };
    [[nodiscard]] std::optional<Choice> choose(const StreamName &name) const;
    [[nodiscard]] Choice require(const StreamName &name) const;
    void forget_after_failure();

    mutable std::mutex mutex_; // of what may be set anew
    GuestRules rules_;
    GuestIdentity guest_;
    Load taken_; // by streams that are open
    TokenBucket alsa_readings_ { 1, 1 }; // of its configuration, after failures
    Loops loops_;
    RecordingQuota recordings_;
    std::mutex alsa_mutex_;
    struct KnownLimits {
        Limits limits;
        unsigned as_of; // alsa_changes_; after more of them it is asked for again
    };
    std::unordered_map<std::string, KnownLimits> alsa_limits_;
    std::atomic<unsigned> alsa_changes_ { 0 };
};

} // namespace sndback

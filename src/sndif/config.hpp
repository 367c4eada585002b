// SPDX-License-Identifier: GPL-2.0-only
// The card that XenStore describes: sndif.h, "Frontend XenBus Nodes".
#pragma once

#include "base/result.hpp"
#include "base/span.hpp"
#include "base/text.hpp"

namespace xen_front {

// Limits on what a toolstack may ask for; each one is named in the message that refuses more.
inline constexpr uint32_t devices_max = 32; // PCM devices of a card
inline constexpr uint32_t streams_max = 64; // streams of a card, all devices together
inline constexpr uint32_t rates_max = 64; // rates of one stream
inline constexpr uint32_t channels_limit = 255; // sndif.h: uint8_t
inline constexpr uint32_t buffer_bytes_least = 128; // two of the smallest periods
inline constexpr uint32_t buffer_bytes_limit = 64u << 20;
inline constexpr uint32_t rate_limit = 768000; // Hz
inline constexpr uint32_t value_length_max = 1024; // bytes of any single value

enum class StreamType : uint8_t {
    Playback,
    Capture,
};

// What a layer (card, device, stream) hands down to the layer below. Every set is non-empty.
struct PcmSettings {
    uint32_t channels_min; // 1 <= channels_min <= channels_max <= channels_limit
    uint32_t channels_max;
    uint64_t formats; // bits (1 << XENSND_PCM_FORMAT_*)
    uint32_t rates[rates_max]; // Hz, ascending, each once, up to rate_limit
    uint32_t rate_count; // 1 <= rate_count <= rates_max
    uint32_t buffer_bytes; // largest buffer of one stream
};

// Names are printable ASCII, cut to fit; "" when XenStore has none.
struct StreamConfig {
    StreamType type;
    uint32_t device; // index of the PCM device: device/vsnd/N/<device>/<number>
    uint32_t number; // index of the stream's directory
    uint32_t substream; // index among the device's streams of this type
    Text<80> unique_id;
    PcmSettings settings;
};

struct DeviceConfig {
    Text<80> name;
    uint32_t playback_count;
    uint32_t capture_count;
};

struct CardConfig {
    Text<32> short_name;
    Text<80> long_name;
    DeviceConfig devices[devices_max]; // each has at least one stream
    uint32_t device_count; // at least one
    StreamConfig streams[streams_max]; // in the order of device and stream directory
    uint32_t stream_count;

    Span<StreamConfig> all_streams()
    {
        return { streams, stream_count };
    }
};

// Whether applications could not tell the two cards apart.
bool operator==(const CardConfig &one, const CardConfig &other);

// Takes the names of a directory's children, one by one.
struct NameVisitor {
    void *context;
    void (*visit)(void *context, StringView name);
};

// The directory the configuration is read from: XenStore in the kernel, a map in tests. Both
// functions may sleep.
struct ConfigSource {
    void *context;
    // The value of @node below the card's directory ("short-name", "0/1/type"), into @value, which
    // holds @capacity bytes. Its length (more than @capacity when it was cut), or NoEntry.
    Result<size_t> (*read)(void *context, StringView node, char *value, size_t capacity);
    // Shows @visitor the name of everything directly below @directory ("0"; "" is the card's own).
    // TooBig when there is more than XenStore can list.
    Result<void> (*list)(void *context, StringView directory, const NameVisitor &visitor);
    // The card's directory, for messages: "device/vsnd/0".
    StringView path;
};

// What one layer of the configuration states or inherits.
struct PcmLayer {
    const PcmLayer *upper; // nullptr for the card
    StringView directory; // "", "0" or "0/1"
    uint32_t stated; // what this layer states itself: bits, see config_layer.cpp
    PcmSettings settings;
};

// Working memory of parse_config(), which is too large for the stack. Needs no initialisation.
struct ConfigScratch {
    char value[value_length_max];
    PcmLayer card;
    PcmLayer device;
    PcmLayer stream;
};

// Reads and checks the whole card into @card. sndif.h, "Frontend XenBus Nodes":
//
// - At least one device ("0", "1", ... without gaps), in each at least one stream (likewise), and
//   the type of each stream are mandatory. Names, unique-id and all PCM settings are optional.
// - A PCM setting that a layer does not state is that of the layer above. What it does state has to
//   be a subset of what the nearest layer above states, if any does.
// - What no layer states has a default: 1 channel at least, 2 at most (or as many as the stated
//   least), u8 and s16_le, the usual rates from 5512 to 48000 Hz, a buffer of 64 KiB. A default
//   binds no lower layer.
// - A value that is empty, not understood or out of range is refused, not skipped. Empty items of
//   a list and blanks around items are skipped; the case of letters does not matter.
//
// On failure Invalid, or NoSpace for more than the limits above, or what the source returned; @why
// says path, value and what is allowed, and @card is of no use. Context: may sleep. @card and
// @scratch are large: not for the stack.
Result<void> parse_config(const ConfigSource &source, CardConfig &card, ConfigScratch &scratch,
                          Diagnostic &why);

// Looks for protocol version 2 in @versions, the list in the node "versions" of the backend's
// directory @path; "" when there is no such node. A backend that lists nothing speaks what it is
// asked. Invalid, with @why, when there is a list, and version 2 is not on it. sndif.h, "Protocol
// version".
Result<void> negotiate_version(StringView path, StringView versions, Diagnostic &why);

} // namespace xen_front

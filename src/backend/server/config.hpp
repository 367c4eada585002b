// SPDX-License-Identifier: GPL-2.0-only
//
// A sound card as the frontend's XenStore directory describes it (sndif.h, "Frontend XenBus
// Nodes").
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "protocol/hw_params.hpp"

namespace sndback {

// Read access to XenStore.
class StoreReader {
  public:
    // The value of a node, nothing if it does not exist or may not be read.
    [[nodiscard]] virtual std::optional<std::string> read(const std::string &path) const = 0;
    // The names of a node's children, empty if it does not exist.
    [[nodiscard]] virtual std::vector<std::string> list(const std::string &path) const = 0;

  protected:
    ~StoreReader() = default;
};

// A node that is missing or makes no sense. The message names path, value and what is allowed.
class BadConfig : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// The transport parameters a frontend publishes for one stream.
struct Transport {
    std::uint32_t ring_ref;
    std::uint32_t event_channel;
    std::uint32_t event_ring_ref;
    std::uint32_t event_event_channel;

    friend bool operator==(const Transport &, const Transport &) = default;
};

struct StreamConfig {
    unsigned device; // pcm-dev-idx
    unsigned index; // stream-idx
    bool playback;
    std::string unique_id;
    Limits limits; // with what device and card say inherited
    Transport transport;
};

struct CardConfig {
    std::string version; // empty: the frontend chose none
    std::vector<StreamConfig> streams;
};

// Reads the directory of a frontend that has reached XenbusStateInitialised. Throws BadConfig.
[[nodiscard]] CardConfig read_card(const StoreReader &store, const std::string &frontend_path);

} // namespace sndback

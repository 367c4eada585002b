// SPDX-License-Identifier: GPL-2.0-only
//
// What a hostile backend does. A row of a table is an attack: hooks into an otherwise honest
// server.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "attack/stream_target.h"

namespace sndback {

class StoreTarget;

// From when on an attack's background thread is at work.
enum class AttackPhase : unsigned char {
    connected, // the frontend has a backend
    started, // it has sent TRIGGER START since
};

struct Attack {
    std::string_view name;
    std::string_view description;

    // Before an answer goes into the ring: may change it. False: it does not go.
    bool (*on_answer)(StreamTarget &, const xensnd_req &, xensnd_resp &) = nullptr;
    // The answers to this XENSND_OP_* go only when the frontend has given up on them.
    std::optional<unsigned> late_operation = std::nullopt;
    // After an answer is there.
    void (*after_answer)(StreamTarget &, const xensnd_resp &) = nullptr;
    // Before a position goes into the event page: may change it. False: it does not go.
    bool (*on_position)(StreamTarget &, std::uint64_t &) = nullptr;
    // Again and again, from a thread of its own, each time after a pause.
    void (*background)(StreamTarget &) = nullptr;
    unsigned pause_us = 0; // none: as fast as makes sense
    AttackPhase from = AttackPhase::started;
    // Nothing that was mapped is unmapped while the process lives.
    bool keeps_mappings = false;
    // Again and again, from a thread per card, once it has been connected.
    void (*store)(StoreTarget &) = nullptr;
};

// All there are, by kind.
std::span<const Attack> ring_attacks(); // indices of the request ring
std::span<const Attack> answer_attacks(); // responses and what they say
std::span<const Attack> event_attacks(); // indices of the event page, positions
std::span<const Attack> storm_attacks(); // more interrupts than there is news
std::span<const Attack> mapping_attacks(); // pages that are not let go
std::span<const Attack> store_attacks(); // XenStore
std::vector<const Attack *> all_attacks();

// Those of a list of names separated by commas. Throws std::invalid_argument, naming the unknown.
std::vector<const Attack *> parse_attacks(std::string_view names);

} // namespace sndback

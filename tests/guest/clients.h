// SPDX-License-Identifier: GPL-2.0-only
// Many streams at once, each served by a thread of its own.
#pragma once

#include "pcm.h"

#include <memory>

namespace selftest {

struct Client {
    std::string name;
    snd_pcm_stream_t direction;
    std::unique_ptr<Pcm> pcm;
};

// Every stream of every card, set up.
std::vector<Client> open_all(const Setup &setup);

// Plays and records for so long. Returns how many of the clients came through without an xrun.
size_t serve_all(const std::vector<Client> &clients, const Setup &setup, unsigned int seconds);

} // namespace selftest

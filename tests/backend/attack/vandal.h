// SPDX-License-Identifier: GPL-2.0-only
//
// Carries out attacks on the XenStore nodes of one card.
#pragma once

#include <thread>

#include "attack/attack.h"
#include "attack/stored_card.h"

namespace sndback {

class Vandal {
  public:
    // Starts. Throws std::runtime_error.
    Vandal(std::span<const Attack *const> attacks, const std::string &backend_path,
           const std::string &frontend_path);
    // Stops, and puts the nodes back.
    ~Vandal();
    Vandal(const Vandal &) = delete;
    Vandal &operator=(const Vandal &) = delete;

    // Whether any of @attacks is one on XenStore.
    [[nodiscard]] static bool is_needed(std::span<const Attack *const> attacks);

  private:
    std::span<const Attack *const> attacks_;
    StoredCard target_;
    std::atomic<bool> stopping_ { false };
    std::thread thread_;
};

} // namespace sndback

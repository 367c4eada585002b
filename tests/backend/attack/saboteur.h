// SPDX-License-Identifier: GPL-2.0-only
//
// Carries out attacks on one stream.
#pragma once

#include <thread>

#include "attack/attack.h"
#include "server/sabotage.hpp"

namespace sndback {

class Saboteur final : public StreamSabotage {
  public:
    // Starts the background threads.
    Saboteur(std::span<const Attack *const> attacks, std::byte *ring_page, std::byte *event_page,
             StreamTarget::Actions actions);
    // Ends them.
    ~Saboteur() override;
    Saboteur(const Saboteur &) = delete;
    Saboteur &operator=(const Saboteur &) = delete;

    [[nodiscard]] bool lets_answer(const xensnd_req &request, xensnd_resp &response) override;
    void answered(const xensnd_resp &response) override;
    [[nodiscard]] bool lets_report(std::uint64_t &position) override;

  private:
    void run(const Attack &attack);

    std::span<const Attack *const> attacks_;
    StreamTarget target_;
    std::atomic<bool> stopping_ { false };
    std::vector<std::thread> threads_;
};

} // namespace sndback

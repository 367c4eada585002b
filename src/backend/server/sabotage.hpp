// SPDX-License-Identifier: GPL-2.0-only
//
// Where a build that is hostile to frontends, for tests of them, reaches into an honest server.
// What is installed has none; see tests/backend/attack.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/session.hpp"

namespace sndback {

// One stream under attack, asked at three moments by its thread.
class StreamSabotage {
  public:
    virtual ~StreamSabotage() = default;

    // Before an answer goes into the ring: may change it. False: it does not go.
    [[nodiscard]] virtual bool lets_answer(const xensnd_req &request, xensnd_resp &response) = 0;
    // After an answer is there.
    virtual void answered(const xensnd_resp &response) = 0;
    // Before a position goes into the event page: may change it. False: it does not go.
    [[nodiscard]] virtual bool lets_report(std::uint64_t &position) = 0;
};

// What an attack does to a stream otherwise than by writing to its pages.
struct StreamActions {
    std::function<void()> notify_requests;
    std::function<void()> notify_events;
    std::function<void()> close_channels;
};

class Sabotage {
  public:
    virtual ~Sabotage() = default;

    [[nodiscard]] virtual std::unique_ptr<StreamSabotage>
    on_stream(std::byte *ring_page, std::byte *event_page, StreamActions actions) = 0;
    // A card is connected; the attack on its XenStore nodes ends with what is returned.
    [[nodiscard]] virtual std::shared_ptr<void> on_card(const std::string &backend_path,
                                                        const std::string &frontend_path) = 0;
    // What maps the pages of guests, in place of `honest`, which outlives it.
    [[nodiscard]] virtual std::unique_ptr<GuestMemory> memory(GuestMemory &honest) = 0;
};

} // namespace sndback

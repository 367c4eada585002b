// SPDX-License-Identifier: GPL-2.0-only
//
// The backend's half of a stream's request ring (Xen public header io/ring.h).
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>

#include "protocol/shared.hpp"

namespace sndback {

// The frontend broke the rules in a way that leaves nothing to go on with: the connection must be
// closed.
class ProtocolBroken : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class RequestRing {
  public:
    // Attaches to the ring in a mapped page; requests that lie in it unanswered are taken first.
    // Throws ProtocolBroken if its indices are impossible.
    explicit RequestRing(std::byte *page);

    // A copy of the next request, nothing if there is none now. Throws ProtocolBroken if the
    // frontend claims more requests than the ring has slots.
    [[nodiscard]] std::optional<xensnd_req> take();

    // Publishes an answer. Returns whether the frontend wants a notification for it (rsp_event
    // hold-off). There must be a request taken and not yet answered.
    [[nodiscard]] bool answer(const xensnd_resp &response);

    // Whether the frontend wants to be notified of the next answer: something waits for it.
    [[nodiscard]] bool is_answer_awaited() const
    {
        return response_event_.load() == answered_ + 1;
    }

    // The stream's thread calls this before it sleeps. Asks the frontend to notify of the next
    // request if `is_notification_wanted`. Returns true if the frontend has put a request into the
    // ring already, of which no notification will come.
    [[nodiscard]] bool final_check(bool is_notification_wanted = true);

    static constexpr std::uint32_t slots = 32;

  private:
    [[nodiscard]] std::uint32_t available() const;
    [[nodiscard]] std::byte *slot(std::uint32_t index) const;

    std::byte *page_;
    SharedIndex request_produced_;
    SharedIndex request_event_;
    SharedIndex response_produced_;
    SharedIndex response_event_;
    std::uint32_t consumed_; // requests taken
    std::uint32_t answered_; // answers published; never read back from the page
};

} // namespace sndback

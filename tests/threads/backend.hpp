// SPDX-License-Identifier: GPL-2.0-only
// A backend in a thread: answers every request at once and plays what was written as fast as it
// can, interrupting from threads of their own as two event channels on two processors do.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "sndif/protocol.hpp"

namespace xen_front::threads {

class Backend {
  public:
    // Attaches to the transport that the frontend has published.
    Backend();
    // Stops, and lets go of all pages.
    ~Backend();
    Backend(const Backend &) = delete;
    Backend &operator=(const Backend &) = delete;

    // Positions that it has reported.
    uint64_t events() const
    {
        return events_;
    }

  private:
    void serve_requests();
    void report_positions();
    void answer(const wire::Request &request);

    std::atomic<bool> is_stopping_ = false;
    const uint32_t ring_reference_;
    const uint32_t page_reference_;
    wire::RingPage *const ring_;
    wire::EventPage *const page_;
    const uint32_t request_port_;
    const uint32_t event_port_;
    uint32_t consumed_ = 0;
    std::atomic<bool> is_running_ = false;
    std::atomic<uint64_t> written_ = 0; // bytes since OPEN
    std::atomic<uint64_t> period_bytes_ = 0;
    std::atomic<uint32_t> opened_ = 0; // how often
    std::atomic<uint64_t> events_ = 0;
    std::thread request_thread_;
    std::thread event_thread_;
};

} // namespace xen_front::threads

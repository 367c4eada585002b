// SPDX-License-Identifier: GPL-2.0-only
//
// A stream under attack: its shared pages, raw.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <vector>

#include "protocol/shared.hpp"

namespace sndback {

// Any number. Each thread has its own sequence, the same in each process.
std::uint32_t random_number();

// Pages of guests that should not be mapped any more, and are.
class KeptPages {
  public:
    static void add(std::span<std::byte> pages);
    // Writes noise into all of them.
    static void scribble();
    // They are unmapped after all.
    static void forget();
};

class StreamTarget {
  public:
    // What an attack does to the stream otherwise than by writing to its pages.
    struct Actions {
        std::function<void()> notify_requests;
        std::function<void()> notify_events;
        std::function<void()> close_channels;
        std::function<void()> vanish; // the whole backend, without a word
    };

    StreamTarget(std::byte *ring_page, std::byte *event_page, Actions actions);

    // ---- the request ring ----

    [[nodiscard]] SharedIndex &response_produced()
    {
        return response_produced_;
    }
    [[nodiscard]] SharedIndex &request_event()
    {
        return request_event_;
    }
    [[nodiscard]] SharedIndex &response_event()
    {
        return response_event_;
    }
    [[nodiscard]] std::uint32_t requests_sent() const
    {
        return request_produced_.load();
    }
    // Puts one more response into the ring, announces it, and interrupts.
    void respond(const xensnd_resp &response);
    // Changes some byte behind the ring's header.
    void flip_ring_byte();

    // ---- the event page ----

    [[nodiscard]] SharedIndex &events_produced()
    {
        return events_produced_;
    }
    [[nodiscard]] SharedIndex &events_consumed()
    {
        return events_consumed_;
    }
    // Puts one more event into the page if there is room, and interrupts.
    void send_event(std::uint8_t type, std::uint64_t position);
    // Changes some byte of the page, its indices included.
    void flip_event_byte();

    // ---- the rest ----

    void notify_requests()
    {
        actions_.notify_requests();
    }
    void notify_events()
    {
        actions_.notify_events();
    }
    void close_channels()
    {
        actions_.close_channels();
    }
    void vanish()
    {
        actions_.vanish();
    }

    // ---- for an attack to remember ----

    std::atomic<bool> has_started { false };
    std::atomic<std::uint64_t> true_position { 0 }; // octets since OPEN, what really was played
    std::atomic<std::uint64_t> count { 0 };

  private:
    std::byte *ring_page_;
    std::byte *event_page_;
    SharedIndex request_produced_;
    SharedIndex request_event_;
    SharedIndex response_produced_;
    SharedIndex response_event_;
    SharedIndex events_consumed_;
    SharedIndex events_produced_;
    Actions actions_;
};

} // namespace sndback

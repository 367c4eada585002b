// SPDX-License-Identifier: GPL-2.0-only
//
// What a hostile guest does: the counterpart of the hostile backend in ../attack. A row of a table
// is an attack on a backend that serves others as well.
#pragma once

#include <array>
#include <cstring>
#include <ostream>
#include <random>
#include <span>
#include <string_view>

#include "machine/guest.h"

namespace sndback::fake {

// The guest that attacks. It has one card of two playback streams and one of capture, which is
// connected when its attack begins unless the attack says otherwise.
class HostileGuest {
  public:
    HostileGuest(Xen &xen, unsigned domain);

    [[nodiscard]] Guest &guest()
    {
        return guest_;
    }
    [[nodiscard]] GuestStream &stream(std::size_t index = 0)
    {
        return guest_.stream(index);
    }
    [[nodiscard]] Xen &xen()
    {
        return guest_.xen();
    }
    // The node of its first stream, or of its card, written as it likes.
    void write(const std::string &node, const std::string &value)
    {
        xen().write(guest_.frontend() + "/" + node, value);
    }
    [[nodiscard]] std::uint32_t random()
    {
        return static_cast<std::uint32_t>(generator_()) * 2654435761U;
    }
    // Until the attack has lasted long enough.
    [[nodiscard]] bool goes_on() const
    {
        return std::chrono::steady_clock::now() < end_;
    }
    void begin(std::chrono::milliseconds duration)
    {
        end_ = std::chrono::steady_clock::now() + duration;
    }
    // A word of the ring or of the event page.
    void set_ring(std::size_t offset, std::uint32_t value)
    {
        SharedIndex(stream().ring(), offset).store(value);
    }
    void set_events(std::size_t offset, std::uint32_t value)
    {
        SharedIndex(stream().events(), offset).store(value);
    }
    // Sends without regard for the answer, which is taken if it comes soon.
    void provoke(const xensnd_req &request, std::size_t index = 0)
    {
        (void)stream(index).await(stream(index).send(request), std::chrono::milliseconds(50));
    }
    void open_and_start();
    // Leaves and comes back.
    void reconnect();

  private:
    Guest guest_;
    std::minstd_rand generator_ { 1 };
    std::chrono::steady_clock::time_point end_;
};

struct GuestAttack {
    std::string_view name;
    std::string_view description;
    void (*run)(HostileGuest &);
    double processor = 0.8; // of one, the backend's share at most
};

// For messages of the tests.
inline void PrintTo(const GuestAttack &attack, std::ostream *out)
{
    *out << attack.name << ": " << attack.description;
}

std::span<const GuestAttack> ring_attacks_of_guest(); // indices, requests, notifications
std::span<const GuestAttack> request_attacks_of_guest(); // what requests say
std::span<const GuestAttack> memory_attacks_of_guest(); // grants and directories
std::span<const GuestAttack> store_attacks_of_guest(); // XenStore
std::vector<GuestAttack> all_attacks_of_guest();

// A request of one operation, with the rest for the attack to fill in.
[[nodiscard]] inline xensnd_req request_of(unsigned operation)
{
    xensnd_req request {};
    request.operation = static_cast<std::uint8_t>(operation);
    return request;
}

// So many octets that are played for no time.
[[nodiscard]] inline std::vector<xensnd_req> write_start_stop(std::uint32_t octets)
{
    std::vector<xensnd_req> requests { request_of(XENSND_OP_WRITE), request_of(XENSND_OP_TRIGGER),
                                       request_of(XENSND_OP_TRIGGER) };
    requests[0].op.rw.length = octets;
    requests[1].op.trigger.type = XENSND_OP_TRIGGER_START;
    requests[2].op.trigger.type = XENSND_OP_TRIGGER_STOP;
    return requests;
}

} // namespace sndback::fake

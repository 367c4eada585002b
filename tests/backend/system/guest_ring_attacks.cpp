// SPDX-License-Identifier: GPL-2.0-only
#include "system/hostile_guest.h"

#include <thread>

namespace sndback::fake {

namespace {

constexpr std::size_t request_produced = offsetof(xen_sndif_sring, req_prod);
constexpr std::size_t response_produced = offsetof(xen_sndif_sring, rsp_prod);
constexpr std::size_t response_event = offsetof(xen_sndif_sring, rsp_event);

template <std::uint32_t value> void set_produced(HostileGuest &self)
{
    while (self.goes_on()) {
        self.set_ring(request_produced, value);
        self.stream().notify();
        self.reconnect();
    }
}

void fill_without_taking(HostileGuest &self)
{
    while (self.goes_on())
        for (unsigned count = 0; count < 32; ++count)
            (void)self.stream().send(request_of(XENSND_OP_CLOSE));
}

void change_what_is_sent(HostileGuest &self)
{
    while (self.goes_on()) {
        (void)self.stream().send(request_of(self.random() % 12));
        for (unsigned count = 0; count < 64; ++count)
            self.stream().ring()[64 + self.random() % 4000] ^=
                static_cast<std::byte>(self.random());
    }
}

void random_requests(HostileGuest &self)
{
    while (self.goes_on()) {
        xensnd_req request {};
        std::array<std::uint32_t, sizeof(request) / 4> words {};
        for (std::uint32_t &word : words)
            word = self.random();
        std::memcpy(&request, words.data(), sizeof(request));
        request.operation = static_cast<std::uint8_t>(request.operation % 12);
        self.provoke(request);
    }
}

template <bool is_request> void storm(HostileGuest &self)
{
    self.open_and_start();
    while (self.goes_on())
        self.xen().notify(is_request ? self.stream().request_port() : self.stream().event_port());
}

template <unsigned operation> void flood(HostileGuest &self)
{
    self.open_and_start();
    while (self.goes_on()) {
        xensnd_req request = request_of(operation);
        request.op.rw.length = 8;
        (void)self.stream().send(request);
    }
}

// A backend that is not to look at this guest for a while does not take its notifications either:
// each connection adds that of both its ports.
void pile_up_notifications(HostileGuest &self)
{
    const Xen::Page other = self.xen().grant_page(self.guest().domain());
    const xensnd_req open = self.stream().open_request({ .buffer_bytes = 4'000'000 });
    // Costs the backend nothing, and the guest all that it may ask for.
    reinterpret_cast<std::uint32_t *>(self.stream().directory().bytes)[1] = 0x4000'0000;
    for (std::size_t index = 0; index < self.guest().stream_count(); ++index)
        for (unsigned count = 0; count < 31; ++count)
            (void)self.stream(index).send(open);
    std::array<std::byte, page_size> full {};
    std::copy_n(self.stream().ring(), full.size(), full.begin());
    self.begin(std::chrono::milliseconds(2500));
    for (unsigned count = 0; self.goes_on(); ++count) {
        const bool is_other = count % 2 == 0;
        std::copy(full.begin(), full.end(), is_other ? other.bytes : self.stream().ring());
        self.write("0/0/ring-ref",
                   std::to_string(is_other ? other.grant : self.stream().ring_grant()));
        self.guest().set_state(XenbusStateInitialised);
        std::this_thread::sleep_for(std::chrono::milliseconds(40));
    }
}

constexpr GuestAttack ring_table[] = {
    { "notifications-piled-up", "connects anew while it has no requests left",
      pile_up_notifications },
    { "requests-beyond-ring", "req_prod is a thousand ahead", set_produced<1000> },
    { "requests-backwards", "req_prod goes back", set_produced<0x80000000> },
    { "requests-wrapped", "req_prod is the largest number", set_produced<0xffffffff> },
    { "ring-never-emptied", "requests without end, answers are not taken", fill_without_taking },
    { "ring-bytes-flipped", "requests change after they have been published", change_what_is_sent },
    { "response-index-written", "rsp_prod, which is the backend's, is overwritten",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              self.set_ring(response_produced, self.random());
              (void)self.stream().send(request_of(XENSND_OP_CLOSE));
          }
      } },
    { "response-event-wild", "rsp_event asks for notifications at random",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              self.set_ring(response_event, self.random());
              (void)self.stream().send(request_of(XENSND_OP_CLOSE));
          }
      } },
    { "operations-unknown", "every operation that there is not",
      [](HostileGuest &self) {
          for (unsigned operation = 10; self.goes_on(); operation = operation % 255 + 1)
              self.provoke(request_of(operation));
      } },
    { "requests-random", "requests of random bytes", random_requests },
    { "request-interrupts", "notifications of the request channel without end", storm<true> },
    { "event-interrupts", "notifications of the event channel without end", storm<false> },
    { "volume-flood", "GET_VOLUME without end", flood<XENSND_OP_GET_VOLUME> },
    { "query-flood", "HW_PARAM_QUERY without end", flood<XENSND_OP_HW_PARAM_QUERY> },
    { "mute-flood", "MUTE and UNMUTE without end",
      [](HostileGuest &self) {
          self.open_and_start();
          for (unsigned count = 0; self.goes_on(); ++count) {
              self.stream().buffer(0)[0] = std::byte { 1 };
              xensnd_req request = request_of(count % 2 ? XENSND_OP_MUTE : XENSND_OP_UNMUTE);
              request.op.rw.length = 8;
              (void)self.stream().send(request);
          }
      } },
    { "event-index-ahead", "in_cons is ahead of in_prod",
      [](HostileGuest &self) {
          self.open_and_start();
          while (self.goes_on()) {
              self.set_events(offsetof(xensnd_event_page, in_cons), 0x40000000);
              std::this_thread::sleep_for(std::chrono::milliseconds(10));
          }
      } },
    { "event-page-scribbled", "the event page changes at random",
      [](HostileGuest &self) {
          self.open_and_start();
          while (self.goes_on())
              self.stream().events()[self.random() % 4096] = static_cast<std::byte>(self.random());
      } },
    { "events-never-confirmed", "in_cons stands still once it has moved",
      [](HostileGuest &self) {
          self.set_events(offsetof(xensnd_event_page, in_cons), 0xffffffff);
          self.open_and_start();
          while (self.goes_on())
              std::this_thread::sleep_for(std::chrono::milliseconds(10));
      } },
};

} // namespace

std::span<const GuestAttack> ring_attacks_of_guest()
{
    return ring_table;
}

} // namespace sndback::fake

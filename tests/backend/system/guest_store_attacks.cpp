// SPDX-License-Identifier: GPL-2.0-only
#include "system/hostile_guest.h"

namespace sndback::fake {

namespace {

// Connects again with a node changed, again and again.
void connect_with(HostileGuest &self, const std::string &node, const std::string &value)
{
    while (self.goes_on()) {
        self.guest().set_state(XenbusStateClosed);
        for (std::size_t index = 0; index < self.guest().stream_count(); ++index)
            self.stream(index).publish();
        self.write(node, value);
        self.guest().set_state(XenbusStateInitialising);
        (void)self.guest().wait_for_backend(XenbusStateInitWait, 0, std::chrono::milliseconds(100));
        self.guest().set_state(XenbusStateInitialised);
        (void)self.guest().wait_for_backend(XenbusStateConnected, 0,
                                            std::chrono::milliseconds(100));
    }
}

void add_streams(HostileGuest &self, unsigned devices, unsigned streams)
{
    for (unsigned device = 1; device <= devices; ++device)
        for (unsigned stream = 0; stream < streams; ++stream) {
            const std::string path = std::to_string(device) + "/" + std::to_string(stream) + "/";
            self.write(path + "type", "p");
            for (const char *node :
                 { "ring-ref", "event-channel", "evt-ring-ref", "evt-event-channel" })
                self.write(path + node, "17");
        }
    connect_with(self, "0/0/type", "p");
}

constexpr GuestAttack store_table[] = {
    { "states-flood", "the state node is written without end",
      [](HostileGuest &self) {
          while (self.goes_on())
              self.guest().set_state(XenbusStateConnected);
      } },
    { "states-flap", "the state changes without end",
      [](HostileGuest &self) {
          for (unsigned state = 0; self.goes_on(); ++state)
              self.guest().set_state(state % 9);
      } },
    { "state-garbage", "the state node holds anything",
      [](HostileGuest &self) {
          while (self.goes_on())
              for (const char *text : { "", "9", "-1", "44444444444444444444", "\x1b[2J", "x" })
                  self.write("state", text);
      } },
    { "state-removed", "the state node goes and comes",
      [](HostileGuest &self) {
          while (self.goes_on()) {
              self.xen().remove(self.guest().frontend() + "/state");
              self.write("state", "4");
          }
      } },
    { "reconnections", "connects and leaves without end",
      [](HostileGuest &self) {
          while (self.goes_on())
              self.reconnect();
      } },
    { "directory-crowded", "a card of so many nodes that libxenstore does not take their names",
      [](HostileGuest &self) {
          for (unsigned node = 0; node < 100; ++node)
              self.write(std::string(60, 'x') + std::to_string(node), "");
          connect_with(self, "0/0/type", "p");
      } },
    { "directory-removed", "its directory goes while it plays",
      [](HostileGuest &self) {
          self.open_and_start();
          self.xen().remove(self.guest().frontend());
          while (self.goes_on())
              self.stream().notify();
      } },
    { "microphone-forged", "a playback stream becomes a capture stream of a known name",
      [](HostileGuest &self) {
          self.write("0/0/unique-id", "microphone");
          connect_with(self, "0/0/type", "c");
          (void)self.stream().open({});
      } },
    { "name-climbs", "the unique-id is a path upwards",
      [](HostileGuest &self) {
          connect_with(self, "0/0/unique-id", "../../../../tmp/owned");
      } },
    { "name-escapes", "the unique-id has escape sequences and line ends",
      [](HostileGuest &self) {
          connect_with(self, "0/0/unique-id", "\x1b[2J\n2026-01-01 critical dom0: forged\r\x07");
      } },
    { "name-long", "the unique-id has 4000 octets",
      [](HostileGuest &self) {
          connect_with(self, "0/0/unique-id", std::string(4000, 'x'));
      } },
    { "type-garbage", "the type is none",
      [](HostileGuest &self) {
          connect_with(self, "0/0/type", "\x01\xff");
      } },
    { "rates-many", "a list of a thousand rates",
      [](HostileGuest &self) {
          std::string list;
          for (unsigned rate = 1000; rate < 1800; ++rate)
              list += std::to_string(rate) + ",";
          connect_with(self, "0/0/sample-rates", list);
      } },
    { "formats-garbage", "a list of formats that there are not",
      [](HostileGuest &self) {
          connect_with(self, "0/0/sample-formats", std::string(3000, ',') + "s99_xe");
      } },
    { "ring-invalid", "a ring that is not granted",
      [](HostileGuest &self) {
          connect_with(self, "0/0/ring-ref", "4294967295");
      } },
    { "ring-of-others", "the ring of another guest",
      [](HostileGuest &self) {
          connect_with(self, "0/0/ring-ref", "16");
      } },
    { "ring-shared", "both streams have one ring",
      [](HostileGuest &self) {
          connect_with(self, "0/1/ring-ref", std::to_string(self.stream().ring_grant()));
      } },
    { "ring-is-events", "ring and event page are one page",
      [](HostileGuest &self) {
          connect_with(self, "0/0/evt-ring-ref", std::to_string(self.stream().ring_grant()));
      } },
    { "channel-of-others", "the event channel of another guest",
      [](HostileGuest &self) {
          connect_with(self, "0/0/event-channel", "1");
      } },
    { "channel-shared", "one event channel for all",
      [](HostileGuest &self) {
          connect_with(self, "0/0/evt-event-channel", std::to_string(self.stream().request_port()));
      } },
    { "version-garbage", "a version that there is not",
      [](HostileGuest &self) {
          connect_with(self, "version", "\xff\xfe 99999999999");
      } },
    { "streams-most", "a card of 200 streams",
      [](HostileGuest &self) {
          add_streams(self, 4, 50);
      } },
    { "devices-most", "a card of 300 devices",
      [](HostileGuest &self) {
          add_streams(self, 300, 1);
      } },
    { "guest-dies", "the domain dies while it plays",
      [](HostileGuest &self) {
          self.open_and_start();
          self.xen().release(self.guest().domain());
          while (self.goes_on())
              self.stream().notify();
      } },
};

} // namespace

std::span<const GuestAttack> store_attacks_of_guest()
{
    return store_table;
}

} // namespace sndback::fake

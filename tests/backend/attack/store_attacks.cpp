// SPDX-License-Identifier: GPL-2.0-only
//
// XenStore nodes that flap, go away, or say nothing sensible.
#include "attack/attack.h"
#include "attack/store_target.h"

namespace sndback {

namespace {

// The states of xenbus.h.
constexpr unsigned initialising = 1;
constexpr unsigned init_wait = 2;
constexpr unsigned connected = 4;
constexpr unsigned closed = 6;
constexpr unsigned beyond_all = 10;

// Has the frontend read everything again.
void begin_anew(StoreTarget &target)
{
    target.set_state(closed);
    target.pause(20);
    target.set_state(init_wait);
    target.pause(80);
}

void write_everywhere(StoreTarget &target, const std::string &value)
{
    for (const std::string &path : target.configuration())
        target.write(path, value);
}

constexpr Attack store_table[] = {
    { .name = "state-flapping",
      .description = "the state runs through all values, and some beyond, as fast as it can",
      .store =
          [](StoreTarget &target) {
              target.set_state(target.count++ % beyond_all);
          } },
    { .name = "state-reconnecting",
      .description = "the state changes between InitWait and Connected as fast as it can",
      .store =
          [](StoreTarget &target) {
              target.set_state(init_wait);
              target.set_state(connected);
          } },
    { .name = "state-starting-over",
      .description = "the state changes between Initialising and InitWait as fast as it can",
      .store =
          [](StoreTarget &target) {
              target.set_state(initialising);
              target.set_state(init_wait);
          } },
    { .name = "rings-hoarded",
      .description = "ends the connection again and again, and never unmaps a page",
      .keeps_mappings = true,
      .store =
          [](StoreTarget &target) {
              target.set_state(closed);
              target.pause(500);
          } },
    { .name = "state-beyond",
      .description = "the state has values that are none: 9, 2^32, -1",
      .store =
          [](StoreTarget &target) {
              for (const char *value : { "9", "4294967298", "-1", "99999999999999999999", "" })
                  target.write(target.backend() + "/state", value);
              target.pause(50);
          } },
    { .name = "state-garbage",
      .description = "the state is no number",
      .store =
          [](StoreTarget &target) {
              target.write(target.backend() + "/state", "%s%n\x01\xff connected");
              target.pause(50);
              target.set_state(init_wait);
              target.pause(50);
          } },
    { .name = "state-longest",
      .description = "the state is as long as XenStore takes",
      .store =
          [](StoreTarget &target) {
              target.write(target.backend() + "/state", StoreTarget::longest_value());
              target.pause(50);
          } },
    { .name = "state-deleted",
      .description = "the backend's state goes away and comes back",
      .store =
          [](StoreTarget &target) {
              target.remove(target.backend() + "/state");
              target.pause(50);
              target.set_state(init_wait);
              target.pause(50);
          } },
    { .name = "backend-deleted",
      .description = "the backend's directory goes away",
      .store =
          [](StoreTarget &target) {
              target.remove(target.backend());
              target.pause(200);
          } },
    { .name = "frontend-deleted",
      .description = "the frontend's directory goes away: the device itself",
      .store =
          [](StoreTarget &target) {
              target.remove(target.frontend());
              target.pause(200);
          } },
    { .name = "frontend-state-garbage",
      .description = "the frontend's own state is overwritten",
      .store =
          [](StoreTarget &target) {
              target.write(target.frontend() + "/state", "garbage");
              begin_anew(target);
          } },
    { .name = "backend-path-elsewhere",
      .description = "the frontend's backend node points to nowhere",
      .store =
          [](StoreTarget &target) {
              target.write(target.frontend() + "/backend", "/local/domain/0/nowhere");
              begin_anew(target);
          } },
    { .name = "configuration-deleted",
      .description = "the nodes of the card's configuration go away, one after the other",
      .store =
          [](StoreTarget &target) {
              const auto &paths = target.configuration();
              if (!paths.empty())
                  target.remove(paths[target.count++ % paths.size()]);
              begin_anew(target);
          } },
    { .name = "configuration-garbage",
      .description = "all nodes of the card's configuration are garbage",
      .store =
          [](StoreTarget &target) {
              write_everywhere(target, "\x01\xff%s%n;,," + std::to_string(random_number()));
              begin_anew(target);
          } },
    { .name = "configuration-longest",
      .description = "all nodes of the card's configuration are as long as XenStore takes",
      .store =
          [](StoreTarget &target) {
              write_everywhere(target, StoreTarget::longest_value());
              begin_anew(target);
          } },
    { .name = "configuration-numbers",
      .description = "all nodes of the card's configuration are numbers on the edge",
      .store =
          [](StoreTarget &target) {
              constexpr const char *numbers[] = { "0", "1", "4294967295", "4294967296", "-1" };
              for (const std::string &path : target.configuration())
                  target.write(path, numbers[random_number() % std::size(numbers)]);
              begin_anew(target);
          } },
    { .name = "configuration-changing",
      .description = "the configuration is valid, and another one each time",
      .store =
          [](StoreTarget &target) {
              target.write(target.frontend() + "/buffer-size",
                           std::to_string(4096 + random_number() % 65536));
              target.write(target.frontend() + "/short-name",
                           "Card " + std::to_string(target.count++));
              begin_anew(target);
          } },
    { .name = "thousand-children",
      .description = "the card has two thousand devices",
      .store =
          [](StoreTarget &target) {
              for (unsigned i = 0; i < 100 && target.count < 2000; i++)
                  target.write(target.frontend() + "/" + std::to_string(target.count++), "");
              begin_anew(target);
          } },
    { .name = "names-longest",
      .description = "the card has children with the longest names",
      .store =
          [](StoreTarget &target) {
              const std::string number = std::to_string(target.count++ % 8);
              target.write(target.frontend() + "/" + std::string(240, 'n') + number, "");
              target.write(target.frontend() + "/0/" + std::string(200, '1') + number, "");
              begin_anew(target);
          } },
    { .name = "versions-garbage",
      .description = "the list of versions is another garbage each time",
      .store =
          [](StoreTarget &target) {
              target.write(target.backend() + "/versions", std::to_string(random_number()) + ",,x");
              begin_anew(target);
          } },
    { .name = "versions-longest",
      .description = "the list of versions is as long as XenStore takes",
      .store =
          [](StoreTarget &target) {
              target.write(target.backend() + "/versions", StoreTarget::longest_value());
              begin_anew(target);
          } },
};

} // namespace

std::span<const Attack> store_attacks()
{
    return store_table;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// More interrupts than there is news, and then none any more.
#include "attack/attack.h"

namespace sndback {

namespace {

constexpr std::uint64_t frame_octets = 4; // S16 stereo, which the victims play

// Keeps the real position to itself, for what the background thread makes of it.
bool hide_position(StreamTarget &target, std::uint64_t &position)
{
    target.true_position = position;
    return false;
}

constexpr Attack storm_table[] = {
    { .name = "storm-requests",
      .description = "interrupts on the request port as fast as they go",
      .background = [](StreamTarget &target) { target.notify_requests(); },
      .from = AttackPhase::connected },
    { .name = "storm-events",
      .description = "interrupts on the event port as fast as they go",
      .background = [](StreamTarget &target) { target.notify_events(); },
      .from = AttackPhase::connected },
    { .name = "storm-both",
      .description = "interrupts on both ports as fast as they go",
      .background =
          [](StreamTarget &target) {
              target.notify_requests();
              target.notify_events();
          },
      .from = AttackPhase::connected },
    { .name = "storm-same-position",
      .description = "position events as fast as they go, none of which is any news",
      .on_position = hide_position,
      .background =
          [](StreamTarget &target) {
              target.send_event(XENSND_EVT_CUR_POS, target.true_position);
          } },
    { .name = "storm-idle-positions",
      .description = "position events as fast as they go, also for streams that do not run",
      .on_position = hide_position,
      .background =
          [](StreamTarget &target) { target.send_event(XENSND_EVT_CUR_POS, frame_octets); },
      .from = AttackPhase::connected },
    { .name = "storm-backwards",
      .description = "position events as fast as they go, backwards",
      .on_position = hide_position,
      .background =
          [](StreamTarget &target) {
              target.send_event(XENSND_EVT_CUR_POS,
                                target.true_position - target.count++ % 1000 * frame_octets);
          } },
    { .name = "storm-single-frames",
      .description = "a position event for each single frame",
      .on_position =
          [](StreamTarget &target, std::uint64_t &position) {
              // A stream that starts over.
              if (position < target.true_position)
                  target.count = 0;
              return hide_position(target, position);
          },
      .background =
          [](StreamTarget &target) {
              if (target.count * frame_octets < target.true_position)
                  target.send_event(XENSND_EVT_CUR_POS, ++target.count * frame_octets);
          } },
    { .name = "storm-unknown-events",
      .description = "events of unknown type as fast as they go",
      .background = [](StreamTarget &target) { target.send_event(0x5a, random_number()); },
      .from = AttackPhase::connected },
    { .name = "storm-after-violation",
      .description = "interrupts on both ports although the frontend has given the stream up",
      .background =
          [](StreamTarget &target) {
              if (target.count++ == 0)
                  target.response_produced().store(~std::uint32_t { 0 });
              target.notify_requests();
              target.notify_events();
          } },
    { .name = "channels-closed",
      .description = "the event channels are closed under a running stream",
      .background = [](StreamTarget &target) { target.close_channels(); },
      .pause_us = 10000 },
    { .name = "vanish",
      .description = "the process ends, without a word, under a running stream",
      .background = [](StreamTarget &target) { target.vanish(); },
      .pause_us = 300000 },
};

} // namespace

std::span<const Attack> storm_attacks()
{
    return storm_table;
}

} // namespace sndback

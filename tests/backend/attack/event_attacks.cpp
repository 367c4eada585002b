// SPDX-License-Identifier: GPL-2.0-only
//
// Positions no hardware has, and indices of the event page that are out of range.
#include "attack/attack.h"

namespace sndback {

namespace {

constexpr std::uint64_t frame = 4; // S16 stereo, which the victims play

// Sends the right position, and moves in_prod from where it is then.
template <void (*strike)(StreamTarget &)>
bool strike_with_event(StreamTarget &target, std::uint64_t &)
{
    strike(target);
    target.notify_events();
    return true;
}

template <std::uint32_t distance> void displace_events(StreamTarget &target)
{
    target.events_produced().store(target.events_produced().load() + distance);
}

constexpr Attack event_table[] = {
    { .name = "position-jumps",
      .description = "positions are a gigabyte ahead",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = at + (1ULL << 30);
              return true;
          } },
    { .name = "position-overtakes",
      .description = "positions are ahead of what was written",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = at + 65536 * frame;
              return true;
          } },
    { .name = "position-backwards",
      .description = "positions run backwards",
      .on_position =
          [](StreamTarget &target, std::uint64_t &position) {
              position = (1000 - target.count++ % 1000) * frame;
              return true;
          } },
    { .name = "position-to-and-fro",
      .description = "every other position is back at the start",
      .on_position =
          [](StreamTarget &target, std::uint64_t &position) {
              if (target.count++ % 2 == 0)
                  position = 0;
              return true;
          } },
    { .name = "position-no-whole-frame",
      .description = "positions are odd numbers of bytes",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = at - 1;
              return true;
          } },
    { .name = "position-overflow",
      .description = "positions are just below 2^64",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = ~std::uint64_t { 0 } - at;
              return true;
          } },
    { .name = "position-sign",
      .description = "positions are 2^63 ahead",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = at + (1ULL << 63);
              return true;
          } },
    { .name = "position-random",
      .description = "positions are random",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = std::uint64_t { random_number() } << 32 | random_number();
              return true;
          } },
    { .name = "position-frozen",
      .description = "the position is always zero",
      .on_position =
          [](StreamTarget &, std::uint64_t &at) {
              at = std::uint64_t { 0 };
              return true;
          } },
    { .name = "position-never",
      .description = "positions are never reported",
      .on_position =
          [](StreamTarget &, std::uint64_t &) {
              return false;
          } },
    { .name = "position-long-after",
      .description = "positions of a stream that ran before go on in the next one",
      .on_position =
          [](StreamTarget &target, std::uint64_t &position) {
              position += target.count.fetch_add(frame * 64);
              return true;
          } },
    { .name = "in-prod-far",
      .description = "in_prod announces a thousand events more than there are",
      .on_position = strike_with_event<displace_events<1000>> },
    { .name = "in-prod-page-and-one",
      .description = "in_prod announces one event more than the page holds",
      .on_position = strike_with_event<displace_events<XENSND_IN_RING_LEN + 1>> },
    { .name = "in-prod-stale",
      .description = "in_prod announces a whole page of events that were never sent",
      .on_position = strike_with_event<displace_events<XENSND_IN_RING_LEN>> },
    { .name = "in-prod-backwards",
      .description = "in_prod goes back by two",
      .on_position = strike_with_event<displace_events<~std::uint32_t { 1 }>> },
    { .name = "in-prod-all-ones",
      .description = "in_prod is 0xffffffff",
      .on_position = strike_with_event<[](StreamTarget &target) {
          target.events_produced().store(~std::uint32_t { 0 });
      }> },
    { .name = "in-prod-flapping",
      .description = "in_prod changes all the time between what it is and anything",
      .background =
          [](StreamTarget &target) {
              const std::uint32_t honest = target.events_produced().load();
              target.events_produced().store(honest + random_number() % 128);
              target.events_produced().store(honest);
              if (random_number() % 64 == 0)
                  target.notify_events();
          } },
    { .name = "in-cons-overwritten",
      .description = "in_cons, which is the frontend's, is overwritten all the time",
      .background = [](StreamTarget &target) { target.events_consumed().store(random_number()); },
      .pause_us = 100 },
    { .name = "event-page-flipping",
      .description = "bytes of the event page change all the time, its indices included",
      .background =
          [](StreamTarget &target) {
              target.flip_event_byte();
              if (random_number() % 256 == 0)
                  target.notify_events();
          } },
};

} // namespace

std::span<const Attack> event_attacks()
{
    return event_table;
}

} // namespace sndback

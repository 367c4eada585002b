// SPDX-License-Identifier: GPL-2.0-only
//
// Indices of the request ring that are out of range, run backwards, overtake, or do not stand
// still.
#include "attack/attack.h"

namespace sndback {

namespace {

// Does something when the stream has started, so that there is one to be harmed.
template <void (*strike)(StreamTarget &)>
void after_start(StreamTarget &target, const xensnd_resp &response)
{
    if (response.operation != XENSND_OP_TRIGGER)
        return;
    strike(target);
    target.notify_requests();
}

// Sets rsp_prod that far from where it belongs.
template <std::uint32_t distance> void displace_responses(StreamTarget &target)
{
    target.response_produced().store(target.response_produced().load() + distance);
}

constexpr Attack ring_table[] = {
    { .name = "rsp-prod-far",
      .description = "rsp_prod announces 1000 responses more than there are",
      .after_answer = after_start<displace_responses<1000>> },
    { .name = "rsp-prod-one-ahead",
      .description = "rsp_prod announces one response more than there were requests",
      .after_answer = after_start<displace_responses<1>> },
    { .name = "rsp-prod-ring-ahead",
      .description = "rsp_prod is exactly one ring size ahead",
      .after_answer = after_start<displace_responses<32>> },
    { .name = "rsp-prod-backwards",
      .description = "rsp_prod goes back by one",
      .after_answer = after_start<displace_responses<~std::uint32_t { 0 }>> },
    { .name = "rsp-prod-half-way",
      .description = "rsp_prod is 2^31 away: ahead or behind, as one takes it",
      .after_answer = after_start<displace_responses<0x80000000>> },
    { .name = "rsp-prod-all-ones",
      .description = "rsp_prod is 0xffffffff",
      .after_answer = after_start<[](StreamTarget &target) {
          target.response_produced().store(~std::uint32_t { 0 });
      }> },
    { .name = "rsp-prod-overtakes",
      .description = "rsp_prod overtakes req_prod as soon as the frontend has connected",
      .background =
          [](StreamTarget &target) {
              target.response_produced().store(target.requests_sent() + 1);
              target.notify_requests();
          },
      .pause_us = 10000,
      .from = AttackPhase::connected },
    { .name = "rsp-prod-flapping",
      .description = "rsp_prod changes all the time between what it is and anything",
      .background =
          [](StreamTarget &target) {
              const std::uint32_t honest = target.response_produced().load();
              target.response_produced().store(honest + random_number() % 64);
              target.response_produced().store(honest);
              if (random_number() % 64 == 0)
                  target.notify_requests();
          },
      .from = AttackPhase::connected },
    { .name = "rsp-prod-blinking",
      .description = "rsp_prod shows the answers there are, then hides them, all the time",
      .background =
          [](StreamTarget &target) {
              const std::uint32_t honest = target.response_produced().load();
              target.response_produced().store(honest - 1);
              target.response_produced().store(honest);
              if (random_number() % 64 == 0)
                  target.notify_requests();
          } },
    { .name = "ring-events-flapping",
      .description = "req_event and rsp_event change all the time",
      .background =
          [](StreamTarget &target) {
              target.request_event().store(random_number());
              target.response_event().store(random_number());
          },
      .pause_us = 100,
      .from = AttackPhase::connected },
};

} // namespace

std::span<const Attack> ring_attacks()
{
    return ring_table;
}

} // namespace sndback

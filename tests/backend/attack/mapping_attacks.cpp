// SPDX-License-Identifier: GPL-2.0-only
//
// Guests' pages that are written to when they should not be, and not let go.
#include "attack/attack.h"

namespace sndback {

namespace {

void scribble(StreamTarget &)
{
    KeptPages::scribble();
}

template <unsigned operation, std::int32_t status>
bool refuse(StreamTarget &, const xensnd_req &request, xensnd_resp &response)
{
    if (request.operation == operation)
        response.status = status;
    return true;
}

constexpr Attack mapping_table[] = {
    { .name = "mappings-kept",
      .description = "every page stays mapped after CLOSE and disconnect, and is written to later",
      .background = scribble,
      .pause_us = 2000,
      .from = AttackPhase::connected,
      .keeps_mappings = true },
    { .name = "open-refused-halfway",
      .description = "OPEN maps all pages, says that it has no memory, and keeps them",
      .on_answer = refuse<XENSND_OP_OPEN, -12>,
      .keeps_mappings = true },
    { .name = "open-refused-then-written",
      .description = "OPEN is refused; its pages stay mapped and are written to",
      .on_answer = refuse<XENSND_OP_OPEN, -12>,
      .background = scribble,
      .pause_us = 2000,
      .from = AttackPhase::connected,
      .keeps_mappings = true },
    { .name = "open-withheld-then-written",
      .description = "OPEN is never answered; its pages stay mapped and are written to",
      .on_answer = [](StreamTarget &, const xensnd_req &request,
                      xensnd_resp &) { return request.operation != XENSND_OP_OPEN; },
      .background = scribble,
      .pause_us = 2000,
      .from = AttackPhase::connected,
      .keeps_mappings = true },
};

} // namespace

std::span<const Attack> mapping_attacks()
{
    return mapping_table;
}

} // namespace sndback

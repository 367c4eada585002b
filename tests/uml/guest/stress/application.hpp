// SPDX-License-Identifier: GPL-2.0-only
// A process whose threads use the streams and controls of a card all at once.
#pragma once

namespace xen_front::stress {

// Has each thread take @steps, even if the card goes and comes, in an order that depends on
// @seed. Prints what was wrong: that a call took too long, as far as this sees it. Returns the
// process's exit status.
int run_application(unsigned int seed, unsigned int steps);

} // namespace xen_front::stress

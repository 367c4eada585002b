// SPDX-License-Identifier: GPL-2.0-only
// The whole driver over the fake kernel: the input decides what application, backend, interrupts
// and memory do, one step after the other. A fault of the fake kernel aborts.
#include "walk/driver_walk.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    using namespace xen_front::test;
    ByteChoices choices({ data, size });
    const kshim_direction direction = choices.pick(2) == 0 ? KSHIM_PLAYBACK : KSHIM_CAPTURE;
    const World world = choices.pick(4) == 0 ? World::Moody : World::Hostile;
    DriverWalk walk(choices, direction, world);
    while (choices.has_more())
        walk.step();
    walk.end();
    return 0;
}

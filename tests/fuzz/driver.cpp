// SPDX-License-Identifier: GPL-2.0-only
// The whole driver over the fake kernel: the input decides what application, backend, interrupts
// and memory do, one step after the other. A fault of the fake kernel aborts.
#include "walk/driver_walk.hpp"

// Where memory was allocated is recorded only this deep: the fake kernel allocates at every step.
// NOLINTNEXTLINE(readability-identifier-naming): the name is the sanitizer's.
extern "C" const char *__asan_default_options()
{
    return "malloc_context_size=4";
}

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

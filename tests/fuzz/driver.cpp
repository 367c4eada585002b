// SPDX-License-Identifier: GPL-2.0-only
// The whole driver over the fake kernel: the input decides what application, backend, interrupts
// and memory do, one step after the other. A fault of the fake kernel aborts.
#include "walk/driver_walk.hpp"

// The fake kernel allocates at every step: stacks of allocations are kept short, and freed memory
// is held back for some hundred executions instead of being fetched anew from the host.
// NOLINTNEXTLINE(readability-identifier-naming): the name is the sanitizer's.
extern "C" const char *__asan_default_options()
{
    return "malloc_context_size=2:quarantine_size_mb=16:thread_local_quarantine_size_kb=64";
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

// SPDX-License-Identifier: GPL-2.0-only
// Runs of playback and capture, in any order of events, beside their models.
#include "fuzz/require.hpp"
#include "support/capture_walk.hpp"
#include "support/choices.hpp"
#include "support/playback_walk.hpp"

namespace xen_front::test {
namespace {

WalkGeometry choose_geometry(Choices &choices)
{
    constexpr uint32_t frame_bits[] = { 8, 16, 32, 48, 64, 4, 12, 256 };
    WalkGeometry geometry = {};
    geometry.frame_bits = frame_bits[choices.pick(std::size(frame_bits))];
    geometry.period = 2 * (1 + choices.pick(8));
    const uint32_t most = PlaybackWalk::largest_buffer - 2 * geometry.period;
    geometry.buffer = 2 * geometry.period + choices.pick(most / 2 + 1) * 2;
    return geometry;
}

template <typename Walk> void walk_through(Choices &choices)
{
    Walk walk(choose_geometry(choices));
    walk.step({ RunEvent::Prepare, 0 });
    while (choices.has_more()) {
        const auto event =
            static_cast<RunEvent>(choices.pick(static_cast<uint8_t>(RunEvent::Events)));
        walk.step({ event, choices.pick(1 << 8) });
    }
    walk.check_end();
}

} // namespace
} // namespace xen_front::test

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    using namespace xen_front::test;
    ByteChoices choices({ data, size });
    try {
        if (choices.pick(2) == 0)
            walk_through<PlaybackWalk>(choices);
        else
            walk_through<CaptureWalk>(choices);
    } catch (const std::logic_error &error) {
        require(false, error.what());
    }
    return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
// A run of playback under test.
#pragma once

#include <utility>

#include "run_test.hpp"
#include "sndif/playback_run.hpp"

namespace xen_front::test {

// Offset and count of each range, in frames.
using Silences = std::vector<std::pair<uint64_t, uint64_t>>;

class PlaybackRunTest : public RunTest<PlaybackRun> {
  protected:
    PlaybackRunTest()
    {
        prepare(100, 400);
    }
    // Commits @frames, starts, and gives all of it to the backend.
    void play(uint64_t frames)
    {
        ASSERT_TRUE(commit(frames));
        ASSERT_TRUE(run.apply(RunCommand::Start));
        send();
        respond_to_all();
    }
    // Plays @frames in steps of a period, all shown.
    void play_through(uint64_t frames)
    {
        play(400);
        for (uint64_t played = 100; played <= frames; played += 100) {
            report(played);
            show_all();
            run.take_elapsed();
            commit(400);
            send();
            respond_to_all();
        }
        ASSERT_EQ(position(), frames);
    }
    Silences silences()
    {
        Silences result;
        SilenceRange range = {};
        while (run.next_silence(Frames(endless), range))
            result.emplace_back(range.offset.value(), range.count.value());
        return result;
    }
};

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// Every order of events in a run's life, to some depth, from small buffers: after each one the run
// is what its model is, its promises hold, and a good backend brings it to its end.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "support/capture_walk.hpp"
#include "support/explorer.hpp"
#include "support/playback_walk.hpp"

namespace xen_front::test {

namespace {

constexpr RunStep steps[] = {
    { RunEvent::Prepare, 0 },
    { RunEvent::Start, 0 },
    { RunEvent::Pause, 0 },
    { RunEvent::Resume, 0 },
    { RunEvent::UndoStart, 0 },
    { RunEvent::Drain, 0 },
    { RunEvent::Stop, 0 },
    { RunEvent::Fail, 0 },
    { RunEvent::Free, 0 },
    { RunEvent::Commit, 1 },
    { RunEvent::Commit, 4 },
    { RunEvent::Rewind, 0 },
    { RunEvent::Overcommit, 0 },
    { RunEvent::Send, 0 },
    { RunEvent::SendWithoutRoom, 0 },
    { RunEvent::Answer, 0 },
    { RunEvent::Answer, 1 },
    { RunEvent::Refuse, 0 },
    { RunEvent::AnswerForeign, 0 },
    { RunEvent::Report, 1 },
    { RunEvent::Report, 3 },
    { RunEvent::ReportBackwards, 1 },
    { RunEvent::ReportHuge, 0 },
    { RunEvent::ReportHuge, 1 },
    { RunEvent::Session, 0 },
    { RunEvent::Look, 0 },
    { RunEvent::Take, 0 },
    { RunEvent::FreeWheel, 0 },
    { RunEvent::Silence, 0 },
    { RunEvent::Record, 0 },
    { RunEvent::Record, 1 },
    { RunEvent::OtherBackend, 0 },
};

// EXPLORE=1 goes deeper, see "make explore".
size_t state_limit()
{
    return std::getenv("EXPLORE") == nullptr ? 20'000 : 1'000'000;
}

std::string name_of(const RunStep &step)
{
    return std::to_string(static_cast<int>(step.event)) + "(" + std::to_string(step.amount) + ")";
}

// Where an exploration begins.
struct Beginning {
    const char *what;
    std::vector<RunStep> steps;
};

using enum RunEvent;

std::vector<Beginning> beginnings()
{
    return {
        { "idle", {} },
        { "prepared", { { Prepare, 0 }, { Commit, 3 } } },
        { "running in the second round",
          { { Prepare, 0 },
            { Commit, 8 },
            { Start, 0 },
            { Send, 0 },
            { Report, 8 },
            { Send, 0 },
            { Answer, 0 },
            { Answer, 0 },
            { Look, 0 },
            { Look, 0 },
            { Take, 0 },
            { Commit, 5 } } },
        { "a full window",
          { { Prepare, 0 },
            { Commit, 1 },
            { Start, 0 },
            { Report, 1 },
            { Send, 0 },
            { Commit, 1 },
            { Report, 1 },
            { Send, 0 },
            { Commit, 1 },
            { Report, 1 },
            { Send, 0 },
            { Commit, 1 },
            { Report, 1 },
            { Send, 0 },
            { Commit, 2 },
            { Report, 1 } } },
        { "inside a period of the second session",
          { { Prepare, 0 },
            { Commit, 7 },
            { Start, 0 },
            { Send, 0 },
            { Report, 3 },
            { Send, 0 },
            { Answer, 0 },
            { Look, 0 },
            { Session, 0 },
            { Send, 0 },
            { Report, 2 } } },
        { "asked for a period ahead, after some that the backend has held",
          { { Prepare, 0 },
            { Start, 0 },
            { Record, 1 },
            { Send, 0 },
            { Report, 4 },
            { Answer, 0 },
            { Send, 0 },
            { Report, 4 },
            { Answer, 0 },
            { Look, 0 },
            { Look, 0 },
            { Rewind, 0 },
            { Take, 0 },
            { Send, 0 },
            { Report, 4 },
            { Answer, 0 },
            { Send, 0 } } },
        { "draining",
          { { Prepare, 0 },
            { Commit, 7 },
            { Start, 0 },
            { Send, 0 },
            { Report, 2 },
            { Drain, 0 } } },
        { "paused",
          { { Prepare, 0 },
            { Commit, 8 },
            { Start, 0 },
            { Send, 0 },
            { Report, 5 },
            { Send, 0 },
            { Pause, 0 } } },
        { "free-wheeling",
          { { Prepare, 0 },
            { FreeWheel, 0 },
            { Start, 0 },
            { Send, 0 },
            { Report, 4 },
            { Send, 0 },
            { Answer, 0 },
            { Look, 0 } } },
    };
}

class RunExplorationTest : public ::testing::TestWithParam<WalkGeometry> {
  protected:
    template <typename Walk> void explore_all() const
    {
        for (const Beginning &beginning : beginnings()) {
            SCOPED_TRACE(beginning.what);
            Walk walk(GetParam());
            for (const RunStep &step : beginning.steps)
                walk.step(step);
            Explorer<Walk, RunStep> explorer(steps, name_of);
            explorer.explore(walk, state_limit());
            // An event more than those of which all orders were seen.
            EXPECT_GE(explorer.depth(), 3u);
            if (HasFailure())
                break;
        }
    }
};

TEST_P(RunExplorationTest, Playback)
{
    explore_all<PlaybackWalk>();
}

TEST_P(RunExplorationTest, Capture)
{
    explore_all<CaptureWalk>();
}

// Frames of a byte, of four, of half a byte and of one and a half; a period that does not divide
// the buffer.
INSTANTIATE_TEST_SUITE_P(Geometries, RunExplorationTest,
                         ::testing::Values(WalkGeometry { 8, 4, 8 }, WalkGeometry { 32, 3, 8 },
                                           WalkGeometry { 4, 4, 8 }, WalkGeometry { 12, 2, 8 }));

} // namespace

} // namespace xen_front::test

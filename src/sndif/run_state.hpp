// SPDX-License-Identifier: GPL-2.0-only
// What a stream does between prepare and the next one: states of ALSA's PCM as the driver needs
// them, and what moves a run from one to another.
#pragma once

#include "base/types.hpp"

namespace xen_front {

enum class RunState : uint8_t {
    Idle, // not prepared since its parameters were set
    Prepared,
    Running,
    Draining, // plays what was committed, and no more will be
    Paused,
    Stopped, // also by an xrun
    Failed, // refused request, broken protocol, no progress for too long: until prepared anew
};

inline constexpr uint32_t run_states = static_cast<uint8_t>(RunState::Failed) + 1;

enum class RunCommand : uint8_t {
    Prepare,
    Start,
    UndoStart, // this stream, or one that is linked with it, could not start
    Pause, // TRIGGER_PAUSE_PUSH
    Resume, // TRIGGER_PAUSE_RELEASE
    Drain,
    Stop,
    Fail,
    Reset, // hw_free
};

inline constexpr uint32_t run_commands = static_cast<uint8_t>(RunCommand::Reset) + 1;

struct RunTransition {
    RunState from;
    RunCommand command;
    RunState to;
};

// Every pair that is not listed is refused, and leaves the run as it is.
inline constexpr RunTransition run_transitions[] = {
    { RunState::Prepared, RunCommand::Start, RunState::Running },
    { RunState::Prepared, RunCommand::Stop, RunState::Stopped },
    { RunState::Prepared, RunCommand::Fail, RunState::Failed },

    { RunState::Running, RunCommand::UndoStart, RunState::Prepared },
    { RunState::Running, RunCommand::Pause, RunState::Paused },
    { RunState::Running, RunCommand::Drain, RunState::Draining },
    { RunState::Running, RunCommand::Stop, RunState::Stopped },
    { RunState::Running, RunCommand::Fail, RunState::Failed },

    { RunState::Draining, RunCommand::Drain, RunState::Draining },
    { RunState::Draining, RunCommand::Stop, RunState::Stopped },
    { RunState::Draining, RunCommand::Fail, RunState::Failed },

    { RunState::Paused, RunCommand::Resume, RunState::Running },
    { RunState::Paused, RunCommand::Stop, RunState::Stopped },
    { RunState::Paused, RunCommand::Fail, RunState::Failed },

    // The members of a group of linked streams are stopped once more by some kernels.
    { RunState::Stopped, RunCommand::Stop, RunState::Stopped },

    // Of what failed, ALSA hears later; until then it goes on as if nothing had happened.
    { RunState::Failed, RunCommand::Stop, RunState::Failed },
    { RunState::Failed, RunCommand::Pause, RunState::Failed },

    { RunState::Idle, RunCommand::Prepare, RunState::Prepared },
    { RunState::Prepared, RunCommand::Prepare, RunState::Prepared },
    { RunState::Running, RunCommand::Prepare, RunState::Prepared },
    { RunState::Draining, RunCommand::Prepare, RunState::Prepared },
    { RunState::Paused, RunCommand::Prepare, RunState::Prepared },
    { RunState::Stopped, RunCommand::Prepare, RunState::Prepared },
    { RunState::Failed, RunCommand::Prepare, RunState::Prepared },

    { RunState::Idle, RunCommand::Reset, RunState::Idle },
    { RunState::Prepared, RunCommand::Reset, RunState::Idle },
    { RunState::Running, RunCommand::Reset, RunState::Idle },
    { RunState::Draining, RunCommand::Reset, RunState::Idle },
    { RunState::Paused, RunCommand::Reset, RunState::Idle },
    { RunState::Stopped, RunCommand::Reset, RunState::Idle },
    { RunState::Failed, RunCommand::Reset, RunState::Idle },
};

static_assert([] {
    for (const RunTransition &row : run_transitions) {
        uint32_t matches = 0;
        for (const RunTransition &other : run_transitions)
            matches += other.from == row.from && other.command == row.command;
        if (matches != 1)
            return false;
    }
    return true;
}());

// The row for @command in @from; nullptr when it is refused.
constexpr const RunTransition *find_transition(RunState from, RunCommand command)
{
    for (const RunTransition &row : run_transitions) {
        if (row.from == from && row.command == command)
            return &row;
    }
    return nullptr;
}

// For /proc and for traces. One word, in ALSA's terms.
constexpr const char *name_of(RunState state)
{
    constexpr const char *names[] = {
        "idle", "prepared", "running", "draining", "paused", "stopped", "failed",
    };
    return names[static_cast<uint8_t>(state)];
}

static_assert(*name_of(RunState::Failed) == 'f');

} // namespace xen_front

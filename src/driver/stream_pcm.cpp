// SPDX-License-Identifier: GPL-2.0-only
// What ALSA asks of an open substream.
#include "driver/stream.hpp"

namespace xen_front {

Result<void> Stream::prepare()
{
    Mutex::Guard guard(request_mutex_);
    // On any backend, positions start over only with OPEN.
    const bool is_fresh = state_.with([](State &state) { return state.is_open && state.is_fresh; });
    if (!is_fresh) {
        close_backend();
        TRY(open_backend());
    }
    return state_.with([](State &state) -> Result<void> {
        if (!is_usable(state) || !state.is_open)
            return Error::NoDevice;
        start_over(state);
        return {};
    });
}

void Stream::start_over(State &state)
{
    state.failure = Failure::None;
    state.is_draining = false;
    state.application_pointer = Frames();
    state.committed = Frames();
    state.padded = Frames();
    state.captured = Frames();
    state.position.reset(state.period, state.buffer);
    state.cursor.reset(state.frame.bytes(state.buffer));
}

Result<void> Stream::start(State &state, wire::TriggerType type, Findings &findings)
{
    if (!is_usable(state) || !state.is_open)
        return Error::NoDevice;
    // What the backend still said about an earlier run.
    take_events(state, findings);
    if (state.is_broken)
        return Error::Io;

    wire::Request trigger = {};
    trigger.operation = wire::Operation::Trigger;
    trigger.trigger.type = type;
    (void)TRY(state.ring.push(trigger));
    state.starts_in_flight++;
    state.is_fresh = false;
    state.is_running = true;
    publish_requests(state);
    pump(state, findings);
    return {};
}

void Stream::stop(State &state, wire::TriggerType type, Findings &findings)
{
    state.is_running = false;
    state.is_draining = false;
    if (!is_usable(state) || !state.is_open)
        return;

    wire::Request trigger = {};
    trigger.operation = wire::Operation::Trigger;
    trigger.trigger.type = type;
    auto id = state.ring.push(trigger);
    // A ring full of unanswered requests: the backend stops at CLOSE at the latest.
    if (id.is_error())
        return;
    if (type == wire::TriggerType::Stop) {
        state.is_stop_in_flight = true;
        state.stop_id = id.value();
    }
    publish_requests(state);
    pump(state, findings);
}

Result<void> Stream::trigger(kshim_trigger command)
{
    Findings findings;
    auto result = state_.with([&](State &state) -> Result<void> {
        switch (command) {
        case KSHIM_TRIGGER_START:
            return start(state, wire::TriggerType::Start, findings);
        case KSHIM_TRIGGER_PAUSE_RELEASE:
            return start(state, wire::TriggerType::Resume, findings);
        case KSHIM_TRIGGER_STOP:
        case KSHIM_TRIGGER_SUSPEND:
            stop(state, wire::TriggerType::Stop, findings);
            return {};
        case KSHIM_TRIGGER_PAUSE_PUSH:
            stop(state, wire::TriggerType::Pause, findings);
            return {};
        case KSHIM_TRIGGER_DRAIN:
            if (!is_usable(state))
                return Error::NoDevice;
            state.is_draining = true;
            pad_with_silence(state);
            pump(state, findings);
            return {};
        case KSHIM_TRIGGER_RESUME:
            return Error::NotImplemented;
        }
        return Error::Invalid;
    });
    // The stream lock is held, so ALSA learns of a failure from the next .pointer.
    log_findings(findings);
    return result;
}

Result<void> Stream::acknowledge()
{
    Findings findings;
    auto result = state_.with([&](State &state) -> Result<void> {
        // ALSA also moves the pointer of streams that are not prepared.
        if (!state.is_open)
            return {};
        if (!is_usable(state))
            return Error::NoDevice;
        const Frames now = state.substream.application_pointer();
        const Frames before = state.application_pointer;
        const Frames moved = now >= before ? now - before : now + state.boundary - before;
        const Frames committed = state.committed + moved;
        const Frames limit = state.position.hardware() + (is_playback() ? state.buffer : Frames());
        if (committed > limit)
            return Error::Invalid;

        state.application_pointer = now;
        state.committed = committed;
        state.padded = committed;
        if (state.failure == Failure::None)
            push_transfers(state, findings);
        return {};
    });
    log_findings(findings);
    return result;
}

int64_t Stream::pointer()
{
    return state_.with([](State &state) -> int64_t {
        if (state.failure != Failure::None)
            return xrun_position;
        return state.position.shown_in_buffer();
    });
}

} // namespace xen_front

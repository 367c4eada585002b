// SPDX-License-Identifier: GPL-2.0-only
// What ALSA asks of an open substream.
#include "driver/stream.hpp"

namespace xen_front {

Result<void> Stream::prepare()
{
    // A backend can make every run an xrun at once, or refuse what it is made of, and applications
    // start over as fast as they can. Nobody waits for the request mutex meanwhile.
    const bool is_hasty = state_.with([](State &state) {
        const bool is_recovery =
            state.failure == Failure::Xrun || state.failure == Failure::Refused;
        return is_recovery && !state.recoveries.admits();
    });
    if (is_hasty)
        sleep_for(setback_pause_ms);

    Mutex::Guard guard(request_mutex_);
    const auto reopened = reopen_backend();
    // Clients give up when prepare fails. One that had the stream prepared before, and may be here
    // because of a lost backend, finds it suspended again instead.
    const bool is_forgiving = was_prepared_;
    const auto prepared = state_.with([&](State &state) -> Result<void> {
        if (is_forgiving && is_waiting_for_backend(state))
            settle_soon(state);
        else if (reopened.is_error())
            return reopened.error();
        else if (!is_usable(state))
            return Error::NoDevice; // lost since OPEN was answered
        start_over(state);
        return {};
    });
    was_prepared_ |= !prepared.is_error();
    return prepared;
}

void Stream::start_over(State &state)
{
    state.failure = Failure::None;
    state.is_draining = false;
    state.rest = KSHIM_STREAM_PREPARED;
    state.application_pointer = Frames();
    state.committed = Frames();
    state.padded = Frames();
    state.captured = Frames();
    state.position.reset(state.period, state.buffer);
    state.cursor.reset(state.frame.bytes(state.buffer));
    note_state(state);
}

Result<void> Stream::start(State &state, wire::TriggerType type, Findings &findings)
{
    if (!is_usable(state) || !state.is_open) {
        if (state.caretaker == nullptr || state.is_broken)
            return Error::NoDevice;
        // As if the backend had been lost a moment later.
        settle_soon(state);
        return {};
    }
    // What the backend still said about an earlier run.
    take_events(state, findings);
    if (state.is_broken)
        return Error::Io;

    wire::Request trigger = {};
    trigger.operation = wire::Operation::Trigger;
    trigger.trigger.type = type;
    (void)TRY(push(state, trigger));
    state.starts_in_flight++;
    state.is_fresh = false;
    set_running(state, true);
    note_state(state);
    state.last_sign_ms = now_ms();
    // drain() starts what was not started yet, and ALSA does not tell which of the two it was.
    state.may_be_draining = is_playback() && type == wire::TriggerType::Start;
    if (state.may_be_draining)
        state.caretaker->schedule(0);
    publish_requests(state);
    pump(state, findings);
    return {};
}

void Stream::stop(State &state, wire::TriggerType type, Findings &findings)
{
    set_running(state, false);
    state.is_draining = false;
    state.rest = type == wire::TriggerType::Pause ? KSHIM_STREAM_PAUSED : KSHIM_STREAM_STOPPED;
    note_state(state);
    // One that is overdue gets it as well: its answer will be the sign of life.
    if (!is_attached(state) || !state.is_open)
        return;

    wire::Request trigger = {};
    trigger.operation = wire::Operation::Trigger;
    trigger.trigger.type = type;
    auto id = push(state, trigger);
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
            // Of an xrun that ALSA finds by itself it tells no more than this.
            if (state.is_running && !state.is_draining && state.failure == Failure::None &&
                state.substream.has_run_out())
                state.journal.counts.on_xrun();
            stop(state, wire::TriggerType::Stop, findings);
            return {};
        case KSHIM_TRIGGER_SUSPEND:
            stop(state, wire::TriggerType::Stop, findings);
            return {};
        case KSHIM_TRIGGER_PAUSE_PUSH:
            stop(state, wire::TriggerType::Pause, findings);
            return {};
        case KSHIM_TRIGGER_DRAIN:
            if (is_waiting_for_backend(state)) {
                settle_soon(state);
                return {};
            }
            if (!is_usable(state))
                return Error::NoDevice;
            state.is_draining = true;
            note_state(state);
            pad_with_silence(state);
            state.last_sign_ms = now_ms();
            pump(state, findings);
            return {};
        case KSHIM_TRIGGER_RESUME:
            break;
        }
        // Applications ask for RESUME until there is something to prepare.
        return is_waiting_for_backend(state) ? Error::TryAgain : Error::NotImplemented;
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
        if (is_waiting_for_backend(state)) {
            settle_soon(state);
            return {};
        }
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

        const bool had_enough = !state.is_running || expects_events(state);
        state.application_pointer = now;
        state.committed = committed;
        state.padded = committed;
        if (!had_enough)
            state.last_sign_ms = now_ms();
        if (state.failure != Failure::None)
            return {};
        push_transfers(state, findings);
        // They wait for a WRITE that is answered, and for what is written until then.
        if (is_playback() && state.cursor.sent() < state.frame.bytes(committed))
            state.journal.counts.coalesced_writes++;
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

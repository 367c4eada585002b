// SPDX-License-Identifier: GPL-2.0-only
// What happens on the rings of a stream. The ring lock is held throughout: nothing here calls ALSA.
#include "base/checked.hpp"
#include "driver/stream.hpp"

namespace xen_front {

void Stream::break_connection(State &state, Violation violation, Findings &findings)
{
    state.is_broken = true;
    state.journal.counts.on_violation(violation);
    set_running(state, false);
    state.failure = Failure::Dead;
    findings.failure = Failure::Dead;
    findings.violation = violation;
    if (exchange(state.waiter.is_waiting, false))
        answered_.complete();
    // Not every caller may tell ALSA, or does before somebody asks it.
    settle_soon(state);
    note_state(state);
}

bool Stream::wants_answers(const State &state) const
{
    if (state.waiter.is_waiting || state.starts_in_flight > 0 || state.has_stale_values ||
        state.is_stalled)
        return true;
    // Captured frames count when READ has answered; written ones need no answer, unless it makes
    // room for more.
    if (!is_playback())
        return state.transfers_in_flight > 0;
    return state.transfers_in_flight >= transfer_window &&
           state.cursor.sent() < state.frame.bytes(state.padded);
}

void Stream::pump(State &state, Findings &findings)
{
    do {
        take_answers(state, findings);
        if (state.is_broken)
            return;
        send_transfers(state);
        if (!wants_answers(state)) {
            state.ring.hold_off_notifications();
            return;
        }
    } while (state.ring.request_notification());
}

void Stream::push_transfers(State &state, Findings &findings)
{
    if (state.transfers_in_flight < transfer_window) {
        send_transfers(state);
        if (!wants_answers(state))
            return;
    }
    pump(state, findings);
}

void Stream::take_answers(State &state, Findings &findings)
{
    Answer answer;
    Violation violation = Violation::None;
    while (state.ring.take(answer, violation)) {
        findings.has_work = true;
        on_answer(state, answer, findings);
    }
    if (violation != Violation::None)
        break_connection(state, violation, findings);
}

void Stream::on_answer(State &state, const Answer &answer, Findings &findings)
{
    state.journal.on_answer(answer);
    if (state.waiter.is_waiting && state.waiter.id == answer.id) {
        state.waiter.is_waiting = false;
        state.waiter.is_answered = true;
        state.waiter.answer = answer;
        answered_.complete();
    }
    if (state.is_stop_in_flight && state.stop_id == answer.id)
        state.is_stop_in_flight = false;
    if (has_values(answer.operation))
        on_late_values(state, answer);

    bool is_fatal = false;
    if (answer.operation == wire::Operation::Write || answer.operation == wire::Operation::Read) {
        state.transfers_in_flight--;
        is_fatal = true;
    } else if (answer.operation == wire::Operation::Trigger &&
               (answer.trigger == wire::TriggerType::Start ||
                answer.trigger == wire::TriggerType::Resume)) {
        state.starts_in_flight--;
        is_fatal = true;
    }
    // Answers to what the stream sent before it was stopped say nothing about what follows.
    if (is_fatal && answer.status != 0) {
        if (state.is_open && state.failure == Failure::None)
            on_refusal(state, answer, findings);
        return;
    }
    if (is_fatal && answer.operation == state.refused_operation)
        state.refused_status = 0;
    // Captured frames are in the buffer only now.
    if (answer.operation == wire::Operation::Read && state.transfers_in_flight == 0 &&
        state.is_running) {
        const Frames read = state.frame.frames(state.cursor.sent());
        (void)state.position.report(read, read);
    }
}

void Stream::on_refusal(State &state, const Answer &answer, Findings &findings)
{
    state.failure = Failure::Refused;
    note_state(state);
    findings.failure = Failure::Refused;
    findings.failed_operation = answer.operation;
    findings.failed_status = answer.status;
    // An application that tries again and again is told each time; the log is not.
    findings.is_failure_known =
        state.refused_operation == answer.operation && state.refused_status == answer.status;
    state.refused_operation = answer.operation;
    state.refused_status = answer.status;
}

Frames Stream::progress(const State &state) const
{
    return is_playback() ? state.position.hardware() : state.captured;
}

void Stream::take_events(State &state, Findings &findings)
{
    Bytes reported;
    Violation violation = Violation::None;
    const Frames before = progress(state);
    // As many as the page holds: a backend that never stops is not to keep us here.
    for (uint32_t i = 0; i < wire::event_ring_size; i++) {
        if (!state.events.take(reported, violation))
            break;
        state.journal.on_event(reported, state.frame);
        if (state.is_running)
            on_position(state, reported);
    }
    if (violation != Violation::None) {
        break_connection(state, violation, findings);
        return;
    }
    const Frames after = progress(state);
    if (after != before) {
        const uint64_t period = state.period.value();
        const bool is_boundary = after.value() / period != before.value() / period;
        state.steps = is_boundary ? 0 : state.steps + 1;
        findings.has_work |= state.steps <= steps_per_period;
    }
    state.events.acknowledge();
    if (state.failure == Failure::Xrun)
        findings.failure = Failure::Xrun;
}

void Stream::on_position(State &state, Bytes reported)
{
    Frames frames = state.frame.frames(reported);
    state.journal.counts.backward_positions += frames < progress(state);
    if (!is_playback()) {
        // More than the buffer holds has been lost. Less becomes visible when READ has answered.
        if (frames > state.committed + state.buffer)
            fail_by_xrun(state);
        else if (frames > state.captured)
            state.captured = frames;
        return;
    }
    // What plays after the application's last frame is silence: its own, or the backend's.
    const Frames sent = min(state.frame.frames(state.cursor.sent()), state.committed);
    if (state.is_draining)
        frames = min(frames, sent);
    if (state.position.report(frames, sent) == Progress::Xrun)
        fail_by_xrun(state);
    // What did not fit the buffer before may fit now.
    if (state.is_draining)
        pad_with_silence(state);
}

void Stream::fail_by_xrun(State &state)
{
    if (state.failure != Failure::Xrun)
        state.journal.counts.on_xrun();
    state.failure = Failure::Xrun;
    note_state(state);
}

void Stream::send_transfers(State &state)
{
    if (!state.is_open || state.is_stalled || state.failure != Failure::None)
        return;
    const bool is_write = is_playback();
    if (!is_write && !state.is_running)
        return;
    const Bytes target = state.frame.bytes(is_write ? state.padded : state.captured);
    TransferRange range = {};
    bool is_any = false;
    while (state.transfers_in_flight < transfer_window && state.ring.free_slots(false) > 0 &&
           state.cursor.next(target, range)) {
        wire::Request transfer = {};
        transfer.operation = is_write ? wire::Operation::Write : wire::Operation::Read;
        transfer.transfer = { range.offset, range.length };
        (void)push(state, transfer); // there is a free slot
        state.transfers_in_flight++;
        state.is_fresh = false;
        is_any = true;
    }
    if (is_any)
        publish_requests(state);
}

void Stream::pad_with_silence(State &state)
{
    // A backend that only reports whole periods would never report the last part of one.
    const Frames limit = state.position.hardware() + state.buffer;
    const Frames whole(round_up(state.committed.value(), state.period.value()));
    Frames at = state.padded;
    state.padded = min(whole, limit);
    while (at < state.padded) {
        const Frames offset(at.value() % state.buffer.value());
        const Frames count = min(state.padded - at, state.buffer - offset);
        state.substream.fill_silence(offset, count);
        at += count;
    }
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// Interrupts, and what they make ALSA do.
#include "driver/stream.hpp"

#include "sndif/operation.hpp"

namespace xen_front {

kshim_event_result Stream::interrupt(void *context)
{
    return static_cast<Stream *>(context)->on_interrupt();
}

kshim_event_result Stream::on_interrupt()
{
    Findings findings;
    const bool is_broken = state_.with([&](State &state) {
        if (!is_attached(state))
            return state.is_broken;
        state.journal.counts.interrupts++;
        take_events(state, findings);
        if (!state.is_broken)
            pump(state, findings);
        if (findings.has_work)
            on_sign_of_life(state);
        else
            state.journal.counts.spurious_interrupts++;
        findings.substream = state.substream;
        if (state.is_running && state.position.has_more())
            show_position(state, findings);
        return state.is_broken;
    });
    tell_alsa(findings);
    if (is_broken)
        return KSHIM_EVENT_BROKEN;
    return findings.has_work ? KSHIM_EVENT_HANDLED : KSHIM_EVENT_SPURIOUS;
}

void Stream::on_sign_of_life(State &state)
{
    state.last_sign_ms = now_ms();
    if (!exchange(state.is_stalled, false))
        return;
    state.caretaker->schedule(0);
    note_state(state);
}

void Stream::show_position(State &state, Findings &findings)
{
    findings.is_period_due =
        state.position.show_next() || (is_playback() && state.position.shown() == state.committed);
    findings.has_position = state.position.has_more();
    state.journal.on_position(state.position, state.committed, findings.is_period_due);
}

void Stream::tell_alsa(Findings &findings)
{
    log_findings(findings);
    Substream &substream = findings.substream;
    if (!substream)
        return;

    if (findings.is_period_due)
        substream.period_elapsed();
    // Rarely in more than one step: then with ALSA told in between.
    while (findings.has_position) {
        state_.with([&](State &state) { show_position(state, findings); });
        if (findings.is_period_due)
            substream.period_elapsed();
    }
    switch (findings.failure) {
    case Failure::None:
        break;
    case Failure::Xrun:
    case Failure::Refused:
        substream.stop_xrun();
        break;
    case Failure::Dead:
        substream.stop_failed();
        break;
    }
}

void Stream::log_findings(const Findings &findings)
{
    // As nearly always.
    if (findings.violation == Violation::None && findings.failure != Failure::Refused)
        return;
    Text<200> text;
    describe(text);
    if (findings.violation != Violation::None) {
        text << "the backend broke the protocol: " << xen_front::describe(findings.violation)
             << "; the stream is dead until the backend reconnects";
        device_.log(KSHIM_LOG_ERROR, text);
    } else if (!findings.is_failure_known) {
        text << "the backend answered " << name_of(findings.failed_operation) << " with status "
             << int { findings.failed_status } << "; the stream was stopped";
        device_.log(KSHIM_LOG_ERROR, text);
    }
}

} // namespace xen_front

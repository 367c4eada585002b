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
        findings.has_position = state.is_running && state.position.has_more();
        findings.substream = state.substream;
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
    if (exchange(state.is_stalled, false))
        state.caretaker->schedule(0);
}

void Stream::tell_alsa(Findings &findings)
{
    log_findings(findings);
    Substream &substream = findings.substream;
    if (!substream)
        return;

    while (findings.has_position) {
        // The position moves in steps that ALSA cannot mistake for standing still.
        const bool is_due = state_.with([&](State &state) {
            const bool is_noteworthy = state.position.show_next() ||
                                       (is_playback() && state.position.shown() == state.committed);
            findings.has_position = state.position.has_more();
            state.journal.on_position(state.position, state.committed, is_noteworthy);
            return is_noteworthy;
        });
        if (is_due)
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
    Text<200> text;
    describe(text);
    if (findings.violation != Violation::None) {
        text << "the backend broke the protocol: " << xen_front::describe(findings.violation)
             << "; the stream is dead until the backend reconnects";
        device_.log(KSHIM_LOG_ERROR, text);
    } else if (findings.failure == Failure::Refused && !findings.is_failure_known) {
        text << "the backend answered " << name_of(findings.failed_operation) << " with status "
             << int { findings.failed_status } << "; the stream was stopped";
        device_.log(KSHIM_LOG_ERROR, text);
    }
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// How a stream survives its backend: the watchdog, and suspension in ALSA.
#include "driver/stream.hpp"

#include "kernel/module.hpp"

namespace xen_front {

void Stream::end_connection(bool is_for_good)
{
    const bool is_any = state_.with([&](State &state) {
        if (is_for_good) {
            state.caretaker = nullptr;
            state.failure = Failure::Dead;
        }
        const bool is_any = exchange(state.channel, nullptr) != nullptr;
        if (is_any) {
            state.is_live = false;
            state.ring.detach();
            state.events.detach();
            state.is_open = false;
            set_running(state, false);
            if (exchange(state.waiter.is_waiting, false))
                answered_.complete();
        }
        note_state(state);
        return is_any;
    });
    // Whoever was waiting has woken; from here on nobody uses the channel.
    Mutex::Guard guard(request_mutex_);
    if (!is_any)
        return;
    if (!is_for_good) {
        Substream substream = state_.with(
            [](State &state) { return state.is_broken ? Substream() : state.substream; });
        // The request mutex keeps it open.
        if (substream)
            substream.suspend();
    }
    channel_->close();
    leftovers_.keep(move(channel_), device_.number());
}

void Stream::disconnect()
{
    end_connection(false);
}

void Stream::retire()
{
    end_connection(true);
}

void Stream::void_grants()
{
    Mutex::Guard guard(request_mutex_);
    has_void_grants_ = static_cast<bool>(buffer_);
}

bool Stream::is_in_use()
{
    return state_.with([](State &state) { return static_cast<bool>(state.substream); });
}

bool Stream::expects_events(const State &state) const
{
    if (!is_attached(state) || !state.is_running || state.is_stalled)
        return false;
    return !is_playback() || state.padded >= state.position.hardware() + state.period;
}

void Stream::set_running(State &state, bool is_running)
{
    if (exchange(state.is_running, is_running) == is_running)
        return;
    if (is_running)
        watchdog_.begin(state.patience_ms);
    else
        watchdog_.end();
}

void Stream::declare_stalled(State &state, uint64_t since_ms)
{
    state.is_stalled = true;
    state.journal.counts.on_stall();
    state.silent_since_ms = since_ms;
    if (exchange(state.waiter.is_waiting, false))
        answered_.complete();
    settle_soon(state);
    note_state(state);
}

void Stream::settle_soon(State &state)
{
    state.is_settling_due = true;
    state.caretaker->schedule(0);
}

Stream::Health Stream::look_after()
{
    Findings findings;
    Health health;
    unsigned int silence_ms = 0;
    state_.with([&](State &state) {
        const uint64_t now = now_ms();
        if (expects_events(state)) {
            const uint64_t due = state.last_sign_ms + state.patience_ms;
            if (now >= due) {
                silence_ms = static_cast<unsigned int>(now - state.last_sign_ms);
                declare_stalled(state, state.last_sign_ms);
                // From now on, any answer is to interrupt.
                pump(state, findings);
            } else {
                health.next_look_ms = static_cast<unsigned int>(due - now);
            }
        } else if (is_usable(state) && state.is_running) {
            health.next_look_ms = state.patience_ms;
        }
        health.has_transport = state.channel != nullptr;
        health.is_attached = is_attached(state);
        health.is_stalled = health.is_attached && state.is_stalled;
        health.silent_since_ms = state.silent_since_ms;
        health.last_sign_ms = state.last_sign_ms;
    });
    log_findings(findings);
    if (silence_ms != 0) {
        Text<200> text;
        describe(text);
        text << "no progress from the backend in domain "
             << uint32_t { device_.backend_domain().value() } << " for " << uint32_t { silence_ms }
             << " ms; the stream is suspended until it is back";
        device_.log(KSHIM_LOG_ERROR, text);
    }
    return health;
}

void Stream::stall()
{
    Findings findings;
    state_.with([&](State &state) {
        if (!is_usable(state))
            return;
        declare_stalled(state, now_ms());
        pump(state, findings);
    });
    log_findings(findings);
}

void Stream::revive()
{
    state_.with([](State &state) {
        state.is_stalled = false;
        note_state(state);
    });
}

bool Stream::try_settle()
{
    const bool is_due =
        state_.with([](State &state) { return state.is_settling_due || state.may_be_draining; });
    if (!is_due)
        return true;
    if (!request_mutex_.try_lock())
        return false;
    Mutex::Guard guard(request_mutex_, Mutex::Adopt());
    bool is_broken = false;
    Substream started;
    Substream lost = state_.with([&](State &state) {
        if (exchange(state.may_be_draining, false))
            started = state.substream;
        if (!exchange(state.is_settling_due, false))
            return Substream();
        is_broken = state.is_broken;
        // It may have been prepared anew, by a backend that is back.
        return is_usable(state) && state.is_open ? Substream() : state.substream;
    });
    if (lost && is_broken)
        lost.stop_failed();
    else if (lost)
        lost.suspend();
    else if (started)
        started.notice_draining();
    return true;
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// Volume and mute: sndif.h, "Request set/get volume" and "Request mute/unmute". sndif has no way to
// ask whether a backend knows them, so each OPEN tries.
#include "driver/stream.hpp"

namespace xen_front {

void Stream::get_control(kshim_control_kind kind, uint32_t *values)
{
    mixer_.get(kind, values);
}

bool Stream::put_control(kshim_control_kind kind, const uint32_t *values)
{
    bool is_different = mixer_.put(kind, values);
    Mutex::Guard guard(request_mutex_);
    // While it is closed the values wait for OPEN.
    if (!has_open_mixer())
        return is_different;
    Reaction reaction = Reaction::Done;
    if (kind == KSHIM_CONTROL_VOLUME)
        is_different |= send_volumes(reaction);
    else
        reaction = send_switches();
    // A backend that is busy, as with a WRITE that waits for room, obeys when it gets to it.
    if (reaction == Reaction::Done || reaction == Reaction::Refused)
        mixer_.set_active(kind, reaction == Reaction::Done);
    return is_different;
}

bool Stream::has_open_mixer()
{
    const bool is_open = state_.with([](State &state) { return state.is_open; });
    return is_open && buffer_->has_values();
}

void Stream::open_mixer(uint32_t channels)
{
    open_channels_ = channels;
    Reaction volume = Reaction::Refused;
    Reaction mute = Reaction::Refused;
    if (has_open_mixer()) {
        if (send_volumes(volume))
            mixer_.tell_volumes_changed();
        // One that does not answer is not to hold up the application twice.
        mute = volume == Reaction::Late ? Reaction::Late : send_switches();
    }
    // The next backend may do better than one that has gone.
    if (volume != Reaction::Gone)
        mixer_.set_active(KSHIM_CONTROL_VOLUME, volume == Reaction::Done);
    if (mute != Reaction::Gone)
        mixer_.set_active(KSHIM_CONTROL_SWITCH, mute == Reaction::Done);
}

void Stream::renew_mixer()
{
    mixer_.set_active(KSHIM_CONTROL_VOLUME, true);
    mixer_.set_active(KSHIM_CONTROL_SWITCH, true);
}

bool Stream::send_volumes(Reaction &reaction)
{
    using wire::Operation;
    const Mixer::Written written =
        mixer_.write_volumes(buffer_->values(Operation::SetVolume, open_channels_));
    reaction = Reaction::Done;
    if (written.is_chosen)
        reaction = send_values(Operation::SetVolume);
    if (reaction != Reaction::Done)
        return false;

    // What was chosen may have become something else; what was not is the backend's.
    const Reaction answer = send_values(Operation::GetVolume);
    if (answer == Reaction::Done)
        return mixer_.read_volumes(buffer_->values(Operation::GetVolume, open_channels_), written);
    // Then it does not tell: that its volume is what is shown can still be made true.
    if (!written.is_chosen)
        reaction = answer == Reaction::Refused ? send_values(Operation::SetVolume) : answer;
    return false;
}

Stream::Reaction Stream::send_switches()
{
    using wire::Operation;
    const bool is_any_off =
        mixer_.write_switches(buffer_->values(Operation::Mute, open_channels_), false);
    const bool is_any_on =
        mixer_.write_switches(buffer_->values(Operation::Unmute, open_channels_), true);
    Reaction reaction = Reaction::Done;
    if (is_any_off)
        reaction = send_values(Operation::Mute);
    if (is_any_on && reaction == Reaction::Done)
        reaction = send_values(Operation::Unmute);
    return reaction;
}

Stream::Reaction Stream::send_values(wire::Operation operation)
{
    wire::Request values = {};
    values.operation = operation;
    values.transfer = value_row(operation, buffer_->bytes(), open_channels_);

    Findings findings;
    const bool is_unanswered = state_.with([&](State &state) {
        LateValues &late = state.late_values[value_row_index(operation)];
        if (!late.is_unanswered)
            return false;
        // The backend may have looked at the row already, or at one of an earlier OPEN.
        late.request = values;
        late.is_stale = operation != wire::Operation::GetVolume;
        state.has_stale_values |= late.is_stale;
        // From now on the answer has to interrupt.
        if (is_usable(state))
            pump(state, findings);
        return true;
    });
    tell_alsa(findings);
    if (is_unanswered)
        return Reaction::Late;

    auto answer = request(values);
    if (!answer.is_error())
        return answer.value().status == 0 ? Reaction::Done : Reaction::Refused;
    if (answer.error() != Error::TimedOut)
        return answer.error() == Error::NoDevice ? Reaction::Gone : Reaction::Late;
    state_.with([&](State &state) {
        // Answered in the last moment, it is nothing to wait for.
        if (state.ring.is_pending(state.waiter.id))
            state.late_values[value_row_index(operation)] = { values, true, false };
    });
    return Reaction::Late;
}

void Stream::on_late_values(State &state, const Answer &answer)
{
    LateValues &late = state.late_values[value_row_index(answer.operation)];
    if (!exchange(late.is_unanswered, false))
        return;
    if (exchange(late.is_stale, false) && !push(state, late.request).is_error()) {
        late.is_unanswered = true;
        publish_requests(state);
    }
    state.has_stale_values = false;
    for (const LateValues &other : state.late_values)
        state.has_stale_values |= other.is_stale;
}

void Stream::forget_stale_values(State &state)
{
    for (LateValues &late : state.late_values)
        late.is_stale = false;
    state.has_stale_values = false;
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/backend_stream.hpp"

namespace xen_front {

void BackendStream::change(OpenState to)
{
    if (can_change(state_, to))
        state_ = to;
    trigger_ = TriggerState::Prepared;
}

void BackendStream::meet_backend(bool is_wanted)
{
    is_open_due_ = is_wanted;
    is_continuing_ = is_wanted && was_opened_;
}

void BackendStream::lose_backend()
{
    change(OpenState::Closed);
    is_stop_due_ = false;
    is_close_due_ = false;
    is_open_due_ = false;
    RequestId *const sent[] = {
        &open_id_, &close_id_, &start_id_, &pause_id_, &resume_id_, &stop_id_,
    };
    for (RequestId *one : sent)
        *one = RequestId();
}

void BackendStream::want_closed()
{
    is_open_due_ = false;
    is_close_due_ |= state_ != OpenState::Closed;
    is_stop_due_ |= find_trigger(trigger_, TriggerState::Stopped) != nullptr;
}

void BackendStream::want_prepared(bool has_backend)
{
    // For any backend, positions only start over with OPEN.
    const bool may_stay = state_ != OpenState::Closed && is_fresh_ && !is_close_due_;
    is_continuing_ = false;
    was_opened_ = may_stay && is_open();
    if (may_stay || !has_backend)
        return;
    want_closed();
    is_open_due_ = true;
}

void BackendStream::want_reopened()
{
    want_closed();
    is_open_due_ = true;
    trigger_ = TriggerState::Prepared;
}

void BackendStream::on_stop_sent(RequestId id)
{
    stop_id_ = id;
    is_stop_due_ = false;
    if (was_started())
        trigger_ = TriggerState::Stopped;
}

void BackendStream::on_close_sent(RequestId id)
{
    close_id_ = state_ == OpenState::Refused ? RequestId() : id;
    is_close_due_ = false;
    is_stop_due_ = false;
    change(OpenState::Closed);
}

void BackendStream::on_open_sent(RequestId id)
{
    open_id_ = id;
    is_open_due_ = false;
    is_fresh_ = true;
    change(OpenState::Opening);
}

void BackendStream::on_trigger_sent(const TriggerTransition &trigger, RequestId id)
{
    switch (trigger.type) {
    case wire::TriggerType::Start:
        start_id_ = id;
        break;
    case wire::TriggerType::Pause:
        pause_id_ = id;
        is_pause_refused_ = false;
        break;
    case wire::TriggerType::Resume:
        resume_id_ = id;
        break;
    case wire::TriggerType::Stop:
        stop_id_ = id;
        break;
    }
    trigger_ = trigger.to;
    is_fresh_ = false;
}

void BackendStream::on_opened(bool is_continued)
{
    change(OpenState::Open);
    open_id_ = RequestId();
    was_opened_ = true;
    is_continuing_ = false;
    is_fresh_ = !is_continued;
}

void BackendStream::on_open_refused()
{
    change(OpenState::Refused);
    open_id_ = RequestId();
    is_close_due_ = true;
}

bool BackendStream::on_close_answered(RequestId id)
{
    if (!(id == close_id_))
        return false;
    close_id_ = RequestId();
    return true;
}

TriggerResult BackendStream::on_trigger_answered(RequestId id, int32_t status)
{
    TriggerResult result = TriggerResult::Harmless;
    const bool is_to_run = trigger_ == TriggerState::Started || trigger_ == TriggerState::Paused;
    if (status != 0 && id == pause_id_) {
        is_pause_refused_ = true;
        result = TriggerResult::PauseRefused;
    } else if (status != 0 && ((id == start_id_ && is_to_run) ||
                               (id == resume_id_ && is_started() && !is_pause_refused_))) {
        result = TriggerResult::StartRefused;
    }
    RequestId *const sent[] = { &start_id_, &pause_id_, &resume_id_, &stop_id_ };
    for (RequestId *one : sent)
        *one = *one == id ? RequestId() : *one;
    return result;
}

} // namespace xen_front

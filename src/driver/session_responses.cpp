// SPDX-License-Identifier: GPL-2.0-only
// What the backend answers.
#include "driver/session.hpp"

namespace xen_front {

kshim_event_result Session::on_response_interrupt(Notices &notices)
{
    if (!is_attached(link_))
        return link_ == Link::Broken ? KSHIM_EVENT_BROKEN : KSHIM_EVENT_SPURIOUS;
    journal.counts.interrupts++;
    sync();
    const bool has_activity = requests.exchange_activity();
    take_notices(notices);
    if (link_ == Link::Broken)
        return KSHIM_EVENT_BROKEN;
    const bool is_handled = has_activity && (!run_.base().is_moving() || limits_.allow_period());
    journal.counts.spurious_interrupts += is_handled ? 0 : 1;
    return is_handled ? KSHIM_EVENT_HANDLED : KSHIM_EVENT_SPURIOUS;
}

void Session::take_responses()
{
    Response response;
    Violation violation = Violation::None;
    // The backend announces later responses by an interrupt, or sync() finds them.
    do {
        if (!requests.take(response, violation))
            break;
        // What the backend has reported before may show that its device has only started late.
        if (link_ == Link::Stalled) {
            (void)take_events();
            if (link_ == Link::Broken)
                return;
        }
        on_activity();
        on_response(response);
    } while (requests.has_more());
    if (violation != Violation::None)
        break_link(violation);
}

void Session::before_read_response()
{
    // Whether the backend has held it is judged by what it has reported by now.
    if (run_.capture().is_ahead())
        (void)take_events();
    // The backend has written these frames since the guest was about to sleep.
    if (is_asleep_ && buffer_ != nullptr)
        buffer_->touch();
}

void Session::on_response(const Response &response)
{
    switch (response.operation) {
    case wire::Operation::Open:
        if (backend_.is_answer_to_open(response.id))
            on_open_response(response);
        break;
    case wire::Operation::Write:
    case wire::Operation::Read: {
        if (!run_.is_playback())
            before_read_response();
        const Frames before = run_.base().position();
        const auto result =
            run_.visit([&](auto &run) { return run.on_response(response.id, response.status); });
        if (result == TransferResult::Refused)
            on_refusal(response);
        note_move(before);
        break;
    }
    case wire::Operation::Trigger:
        on_trigger_response(response);
        break;
    case wire::Operation::SetVolume:
    case wire::Operation::GetVolume:
    case wire::Operation::Mute:
    case wire::Operation::Unmute:
        values.on_response(response);
        note_controls();
        want_maintenance(); // to send what is due now
        break;
    case wire::Operation::Close:
        if (backend_.on_close_answered(response.id) && response.status != 0)
            note_refusal(response);
        break;
    case wire::Operation::HwParamQuery:
        break;
    }
}

void Session::note_controls()
{
    const bool is_news = values.exchange_controls() || values.have_volumes_changed();
    if (is_news && services_ != nullptr)
        services_->controls.schedule(0);
}

void Session::on_open_response(const Response &response)
{
    if (response.status == 0) {
        backend_.on_opened(run_.base().position() > Frames());
        open_status_ = 0;
        // From here on, what the event page says is about this OPEN.
        drop_events();
        origin_.end_session(run_.base().transferred());
        origin_.begin_session();
        const Frames before = run_.base().position();
        run_.visit([](auto &run) { run.begin_session(); });
        note_move(before);
        liveness.skip(run_.base().position() - before);
        if (buffer_->has_values())
            values.open(*buffer_, params_.channels);
        note_controls();
        return;
    }
    backend_.on_open_refused();
    if (buffer_ != nullptr && run_.base().wants_session() && ask_for_less(response.status)) {
        backend_.want_another_open();
        return;
    }
    values.close(false);
    open_status_ = response.status;
    if (!run_.base().apply(RunCommand::Fail))
        return; // the application has dropped the stream
    note_state();
    if (is_open_awaited_)
        return;
    // The application takes it for prepared, or believes that it plays.
    is_continuation_refused_ = backend_.is_continuing();
    notices_.stop = PcmStop::Xrun;
    if (is_continuation_refused_)
        want_maintenance();
    else
        note_refusal(response);
}

void Session::on_refusal(const Response &response)
{
    // Responses to what was sent before the stream was stopped say nothing about what follows.
    const RunState state = run_.base().state();
    if (state == RunState::Idle || state == RunState::Stopped || state == RunState::Failed)
        return;
    if (journal.is_new_refusal(response))
        note_refusal(response);
    fail(PcmStop::Xrun);
}

void Session::on_trigger_response(const Response &response)
{
    switch (backend_.on_trigger_answered(response.id, response.status)) {
    case TriggerResult::Harmless:
        break;
    case TriggerResult::PauseRefused:
        if (journal.is_new_refusal(response))
            note_refusal(response);
        break;
    case TriggerResult::StartRefused:
        on_refusal(response);
        break;
    }
}

void Session::note_refusal(const Response &response)
{
    notices_.refused_operation = response.operation;
    notices_.refused_status = response.status;
    want_maintenance();
}

} // namespace xen_front

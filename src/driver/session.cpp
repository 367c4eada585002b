// SPDX-License-Identifier: GPL-2.0-only
// What applications want, and what connections are worth.
#include "driver/session.hpp"

#include "kernel/module.hpp"

namespace xen_front {

Session::Session(const kshim_trace_stream &name, Mixer &mixer, Completion &changed,
                 CardServices &services)
    : requests(journal, changed),
      values(mixer),
      journal(name),
      services_(&services),
      run_(name.direction == KSHIM_PLAYBACK)
{
    note_state();
}

void Session::set_link(Link link)
{
    if (!can_change(link_, link))
        return;
    link_ = link;
    // A caller that waits for a response may have nothing to wait for.
    requests.wake();
    want_maintenance();
    note_state();
}

void Session::want_maintenance(unsigned int milliseconds)
{
    is_look_wanted_ = true;
    if (services_ != nullptr)
        services_->maintenance.schedule(milliseconds);
}

void Session::note_state()
{
    journal.on_state(run_.base().state(), link_);
    choose_event_interrupts();
    if (has_waiting_drain() && services_ != nullptr)
        services_->drains.schedule(0);
}

void Session::choose_event_interrupts()
{
    const bool are_masked = transport_ != nullptr && !want_event_interrupts();
    if (are_masked == (events_come_ == EventDelivery::Never))
        return;
    events_come_ = are_masked ? EventDelivery::Never : EventDelivery::AtOnce;
    if (transport_ != nullptr)
        transport_->set_events_masked(are_masked);
}

bool Session::want_event_interrupts() const
{
    // A backend that was overdue is to be heard when it is back.
    if (link_ != Link::Attached)
        return true;
    if (!run_.is_playback())
        return !run_.capture().needs_no_reports();
    return !params_.has_no_period_wakeup || !run_.base().wants_session() ||
           run_.playback().needs_reports();
}

void Session::attach(const Transport &transport)
{
    transport_ = &transport;
    requests.attach(transport);
    events_.attach(transport.event_page());
    liveness.on_attach();
    event_news_ = EventNews::None;
    events_come_ = EventDelivery::AtOnce;
    origin_.meet_backend();
    values.meet_backend();
    if (!run_.is_playback())
        run_.capture().meet_backend();
    set_link(Link::Published);
}

void Session::go_live()
{
    if (link_ != Link::Published)
        return;
    set_link(Link::Attached);
    backend_.meet_backend(run_.base().wants_session());
    sync_for_later();
}

void Session::detach()
{
    if (link_ == Link::Absent || link_ == Link::Removed)
        return;
    // What the backend has reported, it has played, or recorded.
    if (is_attached(link_))
        (void)take_events();
    transport_ = nullptr;
    requests.detach();
    events_.detach();
    backend_.lose_backend();
    run_.visit([](auto &run) { run.forget_transfers(); });
    liveness.end_standstill();
    values.close(false);
    set_link(Link::Absent);
}

void Session::remove()
{
    detach();
    fail(PcmStop::Disconnected);
    set_link(Link::Removed);
    services_ = nullptr;
}

void Session::set_asleep(bool is_asleep)
{
    if (is_asleep_ == is_asleep)
        return;
    // With period wake-ups off, no application may have looked for a while.
    if (is_asleep && is_attached(link_))
        (void)take_events();
    is_asleep_ = is_asleep;
    if (!run_.is_playback())
        run_.capture().set_recording(false);
    sync_for_later();
}

void Session::reset()
{
    (void)run_.base().apply(RunCommand::Reset);
    backend_.want_closed();
    is_continuation_refused_ = false;
    values.close(false); // the rows go with the buffer, whether CLOSE has room in the ring or not
    note_state();
    sync_for_later();
}

void Session::prepare(const kshim_pcm_params &params, Frames step)
{
    const RunGeometry geometry = { .frame = FrameSize(params.frame_bits),
                                   .period = Frames(params.period_frames),
                                   .buffer = Frames(params.buffer_frames) };
    params_ = params;
    step_ = step;
    limits_.prepare(params.rate, params.period_frames);
    origin_.end_session(run_.base().transferred());
    run_.visit([&](auto &run) { run.prepare(geometry); });
    liveness.on_prepare();
    moved_at_us_ = 0;
    shown_at_us_ = 0;
    delay_ = Frames();
    tail_until_ms_ = 0;
    substream_.set_delay(delay_);
    if (notices_.stop == PcmStop::Xrun)
        notices_.stop = PcmStop::None;
    open_status_ = 0;
    note_state();
    backend_.want_prepared(is_attached(link_));
    sync_for_later();
}

Result<void> Session::check_alive()
{
    if (is_dead(link_)) {
        // Told again: ALSA may have prepared the substream since.
        notices_.stop = PcmStop::Disconnected;
        want_maintenance();
        return Error::NoDevice;
    }
    if (run_.base().state() == RunState::Failed)
        return Error::BrokenPipe;
    if (!substream_)
        return Error::Invalid; // closed, and still in a group: see Stream::prepare()
    return {};
}

Result<void> Session::start(RunCommand command)
{
    TRY(check_alive());
    if (!run_.base().apply(command))
        return Error::BrokenPipe;
    observe();
    note_state();
    drop_events();
    sync();
    // For drain(), which ALSA may be doing; for periods that elapsed while it was paused; and to
    // look at the backend from now on.
    want_maintenance();
    if (link_ == Link::Broken)
        return Error::NoDevice;
    return {};
}

void Session::undo_start()
{
    const bool was_given_any = backend_.was_started() || run_.base().transferred() != Bytes();
    if (run_.base().apply(RunCommand::UndoStart) && is_attached(link_) && was_given_any)
        reopen();
    note_state();
    sync_for_later();
}

void Session::pause()
{
    (void)run_.base().apply(RunCommand::Pause);
    note_state();
    sync_for_later();
}

void Session::stop()
{
    // Of an xrun that ALSA finds by itself it tells no more than this.
    if (substream_ && run_.base().state() == RunState::Running && substream_.has_run_out()) {
        journal.counts.on_xrun();
        needs_recovery_ = true;
    }
    if (run_.is_playback() && run_.playback().is_free_wheeling() && run_.base().is_moving()) {
        tail_until_ms_ = now_ms() + request_timeout_ms();
        want_maintenance();
    }
    (void)run_.base().apply(RunCommand::Stop);
    note_state();
    sync_for_later();
}

Result<void> Session::drain()
{
    TRY(check_alive());
    // A capture stream that drains was stopped; the application reads what is there.
    if (run_.is_playback() && run_.playback().drain()) {
        note_state();
        want_maintenance(); // for pad()
    }
    return {};
}

bool Session::pad()
{
    constexpr Bytes at_once(16384); // interrupts are disabled
    const Frames count_max = run_.base().geometry().frame.frames(at_once);
    SilenceRange silence;
    if (!run_.is_playback() || !substream_ || !run_.playback().next_silence(count_max, silence))
        return false;
    substream_.fill_silence(silence.offset, silence.count);
    sync_for_later();
    return true;
}

Result<void> Session::commit()
{
    // Where ALSA merely refuses a pointer, the stream runs on, and alsa-lib does not tell: poll()
    // says ready for ever to a thread that believes that it has moved the pointer.
    if (check_alive().is_error())
        return substream_ ? Error::BrokenPipe : Error::Invalid;
    const kshim_pcm_progress progress = substream_.progress();
    run_.base().set_unstoppable(progress.is_unstoppable);
    if (!run_.visit([&](auto &run) { return run.commit(progress.queued_frames); }))
        return Error::Invalid;
    // For a stream that runs and is open this is all that a write costs.
    const bool has_posted = post_transfers();
    requests.publish();
    // START may have waited for these frames.
    if ((run_.is_playback() ? run_.playback().wants_responses() : has_posted) ||
        (!backend_.was_started() && due_trigger() != nullptr)) {
        drop_events();
        sync_for_later();
    }
    if (run_.base().has_rest() && run_.is_playback() && backend_.is_open())
        journal.counts.coalesced_writes++;
    return {};
}

void Session::on_put(kshim_control_kind kind)
{
    values.on_put(kind);
    sync_for_later();
}

void Session::fail(PcmStop stop)
{
    const bool is_worse = run_.base().state() == RunState::Failed && stop == PcmStop::Disconnected;
    if (!run_.base().apply(RunCommand::Fail) && !is_worse)
        return; // not running: ALSA has nothing to stop
    notices_.stop = stop;
    needs_recovery_ = true;
    note_state();
    want_maintenance();
}

void Session::break_link(Violation violation)
{
    journal.counts.on_violation(violation);
    notices_.violation = violation;
    fail(PcmStop::Disconnected);
    set_link(Link::Broken);
}

} // namespace xen_front

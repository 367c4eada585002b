// SPDX-License-Identifier: GPL-2.0-only
// What the backend reports in the event page, and so positions.
#include "driver/session.hpp"

namespace xen_front {

namespace {

// What a backend can have moved since OPEN, unless its device ran dry, or over.
Bytes most_moved(const StreamRun &run)
{
    const RunGeometry &geometry = run.base().geometry();
    return run.is_playback() ? run.base().transferred() : geometry.frame.bytes(geometry.buffer);
}

} // namespace

kshim_event_result Session::on_event_interrupt(Notices &notices)
{
    if (!is_attached(link_))
        return link_ == Link::Broken ? KSHIM_EVENT_BROKEN : KSHIM_EVENT_SPURIOUS;
    journal.counts.interrupts++;
    if (events_come_ == EventDelivery::Late)
        events_come_ = EventDelivery::AtOnce;
    const bool had_delay = run_.base().has_delay(); // what is played then makes room for WRITEs
    const bool is_period = take_events();
    const EventNews news = exchange(event_news_, EventNews::None);
    if (news == EventNews::Moved && link_ != Link::Broken) {
        // The maintenance that start() asks for may look before ALSA has set DRAINING.
        if (!run_.is_playback() || run_.playback().is_running_low())
            observe();
        if (had_delay || needs_sync())
            sync();
        else
            take_responses();
    }
    take_notices(notices);
    if (link_ == Link::Broken)
        return KSHIM_EVENT_BROKEN;
    const bool is_handled =
        is_period || notices.is_period_elapsed // pointer() may have taken the event before
            ? limits_.allow_period()
            : limits_.allow(news);
    if (is_handled)
        return KSHIM_EVENT_HANDLED;
    journal.counts.spurious_interrupts++;
    if (events_come_ == EventDelivery::AtOnce)
        events_come_ = EventDelivery::Late;
    return KSHIM_EVENT_SPURIOUS;
}

// Without a delay, what is played makes no room for WRITEs: responses do, and one that makes room
// for what waits interrupts.
bool Session::needs_sync() const
{
    return !run_.is_playback() || run_.playback().needs_reports() || backend_.is_close_due();
}

void Session::note_move(Frames before)
{
    if (run_.base().position() != before)
        moved_at_us_ = now_us();
}

bool Session::is_late_start(Bytes reported) const
{
    const bool has_begun = run_.visit([](const auto &run) { return run.has_begun(); });
    if (has_begun || !run_.base().wants_session())
        return false;
    // To play all that there is, is what a drain is for.
    if (run_.base().state() == RunState::Draining)
        return true;
    // Of a device that ran dry, or over, there is nothing to learn.
    PositionOrigin origin = origin_;
    const Bytes most = most_moved(run_);
    if (origin.needs_learning())
        origin.learn(reported, most);
    return origin.since_open(reported) < most;
}

bool Session::take_events()
{
    const bool is_elapsed_before = run_.base().is_elapsed();
    const Frames before = run_.base().position();
    Bytes reported;
    Move moved = Move::None;
    EventNews news = EventNews::None;
    Violation violation = Violation::None;
    // No more than that: a backend that never stops is not to keep us here.
    for (uint32_t left = events_.look(violation); left > 0; left--) {
        if (!events_.take(reported))
            continue;
        journal.on_event(reported, run_);
        journal.counts.backward_positions += origin_.note(reported) ? 1 : 0;
        // What the backend captures while the guest is saved may not be transferred: see
        // SharedBuffer::touch(). If the guest was not saved, the next report covers it.
        if (!backend_.was_started() || (is_asleep_ && !run_.is_playback())) {
            // There are backends that report from OPEN on. The interrupt of the first position is
            // not to be late because those before it had no news.
            if (backend_.is_open())
                event_news_ = max(event_news_, EventNews::Repeated);
            continue;
        }
        if (link_ == Link::Stalled) {
            // The newest report says where the device is.
            if (left > 1)
                continue;
            if (!is_late_start(reported)) {
                on_activity();
                news = EventNews::Moved;
                continue;
            }
        }
        news = max(news, EventNews::Repeated);
        if (origin_.needs_learning())
            origin_.learn(reported, most_moved(run_));
        reported = origin_.since_open(reported);
        moved = max(moved, run_.visit([&](auto &run) { return run.report(reported); }));
    }
    if (violation != Violation::None) {
        break_link(violation);
        return false;
    }
    events_.acknowledge();
    note_move(before);
    if (moved != Move::None) {
        on_timely_report();
        liveness.on_position(run_.base().position(), run_.base().geometry().period);
        news = EventNews::Moved;
    } else if (news == EventNews::Repeated && run_.may_stand_still()) {
        on_timely_report();
        liveness.end_standstill();
    }
    event_news_ = max(event_news_, news);
    if (run_.is_playback() && run_.playback().needs_silence())
        want_maintenance(); // for pad()
    // Of capture ALSA learns when READ has fetched it, or had, as soon as it is reported.
    return moved == Move::Period || (run_.base().is_elapsed() && !is_elapsed_before);
}

void Session::drop_events()
{
    if (!backend_.was_started() && is_attached(link_))
        (void)take_events();
}

bool Session::may_have_unseen_events() const
{
    return events_come_ != EventDelivery::AtOnce &&
           (is_polled() || (events_come_ == EventDelivery::Late && is_attached(link_)));
}

uint32_t Session::pointer()
{
    if (may_have_unseen_events()) {
        const bool had_delay = run_.base().has_delay();
        (void)take_events();
        if (is_attached(link_))
            take_responses();
        if (had_delay || needs_sync() || notices_.is_any())
            sync_for_later();
    }
    if (run_.base().was_unstoppable() && run_.is_playback())
        return pointer_in_place();
    const Frames before = run_.base().shown();
    const uint32_t pointer = run_.base().look_at_position();
    if (run_.base().shown() != before)
        shown_at_us_ = moved_at_us_;
    return pointer;
}

uint32_t Session::pointer_in_place()
{
    PlaybackRun &run = run_.playback();
    // Of responses inside a period no interrupt tells.
    if (run.is_free_wheeling() && link_ == Link::Attached)
        take_responses();
    const uint32_t pointer = run.look_at_position();
    delay_ = run.delay();
    substream_.set_delay(delay_);
    shown_at_us_ = moved_at_us_;
    return pointer;
}

bool Session::get_time(kshim_pcm_time &time) const
{
    time = {
        .frames = (run_.base().shown() - delay_).value(),
        .at_us = shown_at_us_,
        .step_frames = static_cast<uint32_t>(step_.value()),
    };
    return shown_at_us_ != 0;
}

void Session::take_notices(Notices &notices)
{
    Run &run = run_.base();
    notices = exchange(notices_, Notices());
    if (!is_polled() && run.is_moving() && run.take_elapsed()) {
        notices.is_period_elapsed = true;
        notices.needs_second_look = run.visible() >= run.shown() + run.geometry().buffer;
        journal.on_position(run_);
    }
}

} // namespace xen_front

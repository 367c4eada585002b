// SPDX-License-Identifier: GPL-2.0-only
// What becomes of a stream while its backend says nothing, and when it does again.
#include "driver/session.hpp"
#include "kernel/module.hpp"

namespace xen_front {

void Session::end_stall()
{
    set_link(Link::Attached);
    if (!backend_.was_started() || !run_.base().wants_session()) {
        liveness.end_standstill();
        return;
    }
    // Its device cannot have run dry: it has not said that it has started it.
    if (backend_.is_starting())
        return;
    // While it hung its device ran dry, or over. ALSA is not to see that as an xrun. A READ sent
    // before it hung would be answered with what it has captured since.
    reopen();
}

void Session::reopen()
{
    run_.visit([](auto &run) { run.forget_transfers(); });
    backend_.want_reopened();
}

bool Session::expects_activity() const
{
    if (!is_attached(link_))
        return false;
    if (backend_.is_opening() || backend_.is_starting())
        return true;
    return backend_.is_started() &&
           run_.visit([](const auto &run) { return run.expects_position(); });
}

unsigned int Session::stall_timeout_ms() const
{
    const unsigned int timeout_ms = request_timeout_ms();
    if (!backend_.is_open() || params_.rate == 0)
        return timeout_ms;
    const uint64_t period_ms =
        (params_.period_frames * uint64_t { 1000 } + params_.rate - 1) / params_.rate;
    return static_cast<unsigned int>(period_ms) + timeout_ms;
}

unsigned int Session::look_interval_ms() const
{
    constexpr unsigned int looks_per_timeout = 4;
    const bool is_idle = !run_.base().is_moving() && !expects_activity() && !has_tail();
    if (is_idle || !is_attached(link_))
        return 0;
    // Rounded up: so many looks are not to end just before the time-out.
    const unsigned int interval_ms =
        (stall_timeout_ms() + looks_per_timeout - 1) / looks_per_timeout;
    if (events_come_ != EventDelivery::Never || params_.rate == 0)
        return interval_ms;
    // Before the event page is full, whether the application looks or not.
    constexpr uint64_t events_per_look = uint64_t { wire::event_ring_size } * 3 / 4;
    const uint64_t events_ms = events_per_look * step_.value() * 1000 / params_.rate;
    return static_cast<unsigned int>(min(max(events_ms, uint64_t { 1 }), uint64_t { interval_ms }));
}

unsigned int Session::look(uint64_t now_ms, Notices &notices)
{
    unsigned int silence_ms = 0;
    observe();
    if (is_attached(link_)) {
        // An interrupt may be held back, and what it announces be there.
        (void)take_events();
        if (link_ != Link::Broken)
            sync();
    }
    liveness.hear(journal.counts.events + liveness.activity(), now_ms);
    if (link_ == Link::Attached && run_.is_playback() && liveness.is_silent())
        run_.playback().want_more_silence(); // for pad()
    // A caller that waits has a time-out of its own.
    if (link_ == Link::Attached && !requests.is_awaited() &&
        liveness.is_overdue(now_ms, expects_activity(), stall_timeout_ms())) {
        // Once, however often it comes back without going on.
        if (liveness.stands_since_ms() == 0)
            silence_ms = static_cast<unsigned int>(now_ms - liveness.silent_since_ms());
        stall(liveness.silent_since_ms());
    }
    // Only what the application wants to go on can be ended for standing still.
    if (link_ == Link::Stalled && run_.base().wants_session())
        liveness.begin_standstill(now_ms, run_.base().position());
    else if (link_ == Link::Stalled || (link_ == Link::Attached && !expects_activity()))
        liveness.end_standstill();
    // Once more after there was a reason: that it is over has to be seen.
    is_look_wanted_ |=
        look_interval_ms() != 0 || liveness.stands_since_ms() != 0 || liveness.was_expected();
    take_notices(notices);
    return silence_ms;
}

void Session::stall(uint64_t since_ms)
{
    if (link_ != Link::Attached)
        return;
    liveness.begin_standstill(since_ms, run_.base().position());
    journal.counts.on_stall();
    set_link(Link::Stalled);
    // From now on, any response is to interrupt.
    sync();
}

bool Session::is_served(uint64_t now_ms) const
{
    return (link_ == Link::Attached && run_.base().is_moving()) ||
           liveness.was_heard(now_ms, stall_timeout_ms());
}

bool Session::give_up_if_stalled(uint64_t now_ms, unsigned int give_up_ms)
{
    if (link_ != Link::Stalled || liveness.stands_since_ms() == 0 ||
        now_ms - liveness.stands_since_ms() < give_up_ms)
        return false;
    fail(PcmStop::Disconnected);
    liveness.end_standstill();
    return true;
}

} // namespace xen_front

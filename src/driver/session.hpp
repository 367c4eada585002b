// SPDX-License-Identifier: GPL-2.0-only
// What goes on between a stream and its backend: all that the ring lock guards.
#pragma once

#include "driver/card_services.hpp"
#include "driver/event_news.hpp"
#include "driver/link.hpp"
#include "driver/liveness.hpp"
#include "driver/notices.hpp"
#include "driver/rate_limit.hpp"
#include "driver/request_channel.hpp"
#include "driver/stream_run.hpp"
#include "driver/value_requests.hpp"
#include "sndif/backend_stream.hpp"
#include "sndif/event_queue.hpp"
#include "sndif/position_origin.hpp"

namespace xen_front {

// Keeps apart what is wanted (the run's state, the mixer's values) and what the backend has been
// told, and posts what makes the second equal the first. So it does not matter in which order
// applications and backends come and go: a backend that has just attached is told everything.
//
// Nothing here sleeps, or calls ALSA but to read what it has. Context: any, ring lock held.
class Session {
  public:
    // @changed: of the waiter, see Stream::wait_for(). @services: its works do what cannot be done
    // at once; they are not scheduled any more after remove().
    Session(const kshim_trace_stream &name, Mixer &mixer, Completion &changed,
            CardServices &services);

    // ---- Connection ----

    void attach(const Transport &transport);
    // The backend has attached to the transport.
    void go_live();
    // The transport is not used any more. The run stands still.
    void detach();
    // The card goes: nothing will ever go on.
    void remove();
    // The guest is about to sleep, or awake again: what runs is paused so long.
    void set_asleep(bool is_asleep);
    Link link() const
    {
        return link_;
    }

    // ---- The substream of an application ----

    // What was to be told to the last one is of no interest to the next.
    void set_substream(Substream substream)
    {
        substream_ = substream;
        notices_.stop = PcmStop::None;
    }
    Substream substream() const
    {
        return substream_;
    }
    // The buffer that applications and backend share. After reset().
    void set_buffer(SharedBuffer *buffer)
    {
        buffer_ = buffer;
    }
    // hw_free: the backend is to close the stream.
    void reset();
    // Begins anew, as the application chose. The backend is to report positions every @step.
    void prepare(const kshim_pcm_params &params, Frames step);
    // As ALSA's triggers. BrokenPipe when the run has failed, or its state does not allow the
    // command; NoDevice when the card has gone or the link is broken; Invalid without a substream.
    Result<void> start(RunCommand command);
    // ALSA takes START back. What has been played or recorded since then counts; the rest of what
    // the backend was given is lost, and given again.
    void undo_start();
    void pause();
    void stop();
    Result<void> drain();
    // Whether STOP still waits until what ALSA was shown of a free-wheeling stream is played.
    bool has_tail() const;
    // Puts some silence behind what a draining stream has committed. False when it has enough.
    bool pad();
    // The application pointer moved. BrokenPipe, of which ALSA makes an xrun, where start() fails;
    // Invalid when it cannot be there, or the substream is closed.
    Result<void> commit();
    // What .pointer returns: frames into the buffer.
    uint32_t pointer();
    // What is played of that, and when the backend's word on it came. False before the first since
    // prepare.
    bool get_time(kshim_pcm_time &time) const;
    // The application has set a control.
    void on_put(kshim_control_kind kind);

    // ---- The backend ----

    // An interrupt of the request ring, or of the event page. What is to be told is in @notices.
    kshim_event_result on_response_interrupt(Notices &notices);
    kshim_event_result on_event_interrupt(Notices &notices);
    // Takes responses and posts what is due, outside of interrupts: what is found for ALSA is told
    // by the card's maintenance.
    void sync_for_later();
    // Posts a request whose response the caller waits for; false when the ring is full. With a
    // backend.
    bool post(wire::Request &request);
    // What the backend makes of the stream.
    const BackendStream &backend() const
    {
        return backend_;
    }
    // What the last OPEN was answered with; 0 unless it was refused.
    int32_t open_status() const
    {
        return open_status_;
    }
    // prepare() waits for the response to OPEN: a refusal is its to report.
    void set_open_awaited(bool is_awaited)
    {
        is_open_awaited_ = is_awaited;
    }

    // ---- Maintenance ----

    // Whether there is anything to look at, or to tell: few streams of a card are in use. To be
    // called before look(): a look that is asked for in between is not lost.
    bool exchange_look_wanted()
    {
        return exchange(is_look_wanted_, false);
    }
    // Looks at the shared pages, then at the clock. For how many milliseconds the backend has shown
    // no activity, if that makes it overdue just now; else 0.
    unsigned int look(uint64_t now_ms, Notices &notices);
    // How often to look; 0: no need to.
    unsigned int look_interval_ms() const;
    // How long a backend that has to may show no activity.
    unsigned int stall_timeout_ms() const;
    // Declares the backend overdue, of whom nothing was heard since @since_ms.
    void stall(uint64_t since_ms);
    // Whether the backend moves the stream, or at least says where it stands.
    bool is_served(uint64_t now_ms) const;
    // If the backend has been overdue for @give_up_ms, the run ends for good. Whether it does.
    bool give_up_if_stalled(uint64_t now_ms, unsigned int give_up_ms);
    // Whether a caller may wait in drain(), which is to be woken even if the stream stands still.
    bool has_waiting_drain() const
    {
        return run_.base().state() == RunState::Draining;
    }
    // The backend has refused to go on with what an earlier one has begun: the card has to go.
    bool is_continuation_refused() const
    {
        return is_continuation_refused_;
    }

    // prepare() is about to recover from an xrun or a refusal, if there was one. Whether that has
    // been too often lately.
    bool exchange_hasty_recovery()
    {
        return exchange(needs_recovery_, false) && !recoveries_.allow();
    }
    const StreamRun &run() const
    {
        return run_;
    }
    const kshim_pcm_params &params() const
    {
        return params_;
    }
    Frames step() const
    {
        return step_;
    }

    RequestChannel requests;
    ValueRequests values;
    Liveness liveness;
    Journal journal; // since the card was made

  private:
    // ---- session.cpp ----

    void set_link(Link link);
    // Whether the run can go on, now or once there is a backend. As start().
    Result<void> check_alive();
    void want_maintenance(unsigned int milliseconds = 0);
    void take_notices(Notices &notices);
    // Writes down the state of run and link if it is new; then choose_event_interrupts().
    void note_state();
    // Has events interrupt, or not. An application that has switched period wake-ups off looks at
    // the position by itself, and pointer() at the events; of a READ ahead the response tells.
    void choose_event_interrupts();
    bool want_event_interrupts() const;
    bool is_polled() const
    {
        return events_come_ == EventDelivery::Never && run_.is_playback();
    }
    // Ends the run; ALSA is told later how.
    void fail(PcmStop stop);
    void break_link(Violation violation);

    // ---- session_requests.cpp ----

    void sync(); // takes responses, posts what is due, decides whether the next response interrupts
    // Posts what is due, in the order in which the backend has to carry it out.
    void post_due();
    bool post_close();
    bool post_open();
    // Rows of values, and positions inside a period, are more than each backend can serve. False
    // when there is nothing to do without: then the next OPEN asks for all of it again.
    bool ask_for_less(int32_t status);
    void post_values();
    bool post_transfers(); // true when there was something to post
    void silence_if_on_trial(const TransferRange &range);
    // Detects what ALSA signals by no trigger: that it drains a stream it has just started, and
    // that the application lets the stream free-wheel.
    void observe();
    Result<RequestId> post_trigger(wire::TriggerType type);
    void post_due_trigger();
    // nullptr: none.
    const TriggerTransition *due_trigger() const;
    bool wants_responses() const;
    bool has_unseen_period() const;

    // ---- session_responses.cpp ----

    void take_responses();
    [[gnu::noinline]] void before_read_response();
    void on_response(const Response &response);
    void on_open_response(const Response &response);
    // Has the card show the controls that the backend can do, and its volumes.
    void note_controls();
    void on_trigger_response(const Response &response);
    void on_refusal(const Response &response);
    void note_refusal(const Response &response);

    // ---- session_events.cpp ----

    bool needs_sync() const; // whether a position may be a reason to tell the backend something
    // Whether an event that is there may not have interrupted yet.
    bool may_have_unseen_events() const;
    [[gnu::cold, gnu::noinline]] uint32_t pointer_in_place(); // of a run that was_unstoppable()
    void note_move(Frames before);
    // Whether @reported, of a backend that is overdue, shows that its device merely starts late,
    // and has not run dry, or over, since.
    bool is_late_start(Bytes reported) const;
    // Whether events have brought news, and of them the end of a period.
    bool take_events();
    // What the backend said before START is about an earlier run.
    void drop_events();

    // ---- session_liveness.cpp ----

    [[gnu::always_inline]] void on_activity()
    {
        liveness.on_activity();
        if (link_ == Link::Stalled)
            end_stall();
    }
    // The backend reports that its device goes on, or merely waits. If the backend was overdue, its
    // device has only started late, and needs no new session.
    [[gnu::always_inline]] void on_timely_report()
    {
        liveness.on_activity();
        if (link_ == Link::Stalled)
            set_link(Link::Attached);
    }
    void end_stall();
    // The stream goes on from where it stands, as on a new backend. With a backend.
    void reopen();
    // Whether the backend has to show activity.
    bool expects_activity() const;

    Link link_ = Link::Absent;
    bool is_open_awaited_ = false;
    bool is_asleep_ = false;
    bool is_look_wanted_ = false;
    EventDelivery events_come_ = EventDelivery::AtOnce;
    EventNews event_news_ = EventNews::None; // since the last interrupt of the event page
    bool needs_recovery_ = false;
    // More recoveries from xruns and refusals in a second are no bad luck: the next ones are slow.
    RateLimit recoveries_ { 16, 1000 };
    bool is_continuation_refused_ = false;
    int32_t open_status_ = 0;
    CardServices *services_; // nullptr after remove()
    const Transport *transport_ = nullptr; // when there is a connection
    SharedBuffer *buffer_ = nullptr;
    Substream substream_;
    kshim_pcm_params params_ = {};
    Frames step_; // of the positions that the backend reports
    uint64_t moved_at_us_ = 0; // the position
    uint64_t shown_at_us_ = 0; // of what ALSA was shown
    Frames delay_; // of that, what was not played
    uint64_t tail_until_ms_ = 0; // how long STOP may wait: see has_tail()
    BackendStream backend_;
    EventQueue events_;
    PositionOrigin origin_;
    StreamRun run_;
    InterruptLimits limits_;
    Notices notices_;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// One stream: an ALSA substream at one end, a backend's sound stream at the other.
#pragma once

#include "base/guarded.hpp"
#include "driver/channel.hpp"
#include "driver/journal.hpp"
#include "driver/leftovers.hpp"
#include "driver/mixer.hpp"
#include "driver/pace.hpp"
#include "driver/shared_buffer.hpp"
#include "driver/watchdog.hpp"
#include "kernel/lock.hpp"
#include "kernel/proc_text.hpp"
#include "kernel/sound_card.hpp"
#include "kernel/work.hpp"
#include "sndif/config.hpp"
#include "sndif/event_queue.hpp"
#include "sndif/hw_params.hpp"
#include "sndif/position_tracker.hpp"
#include "sndif/request_ring.hpp"
#include "sndif/transfer_cursor.hpp"

namespace xen_front {

// Lives as long as its card. Connections to a backend come and go meanwhile.
//
// Two locks. The request mutex lets one caller at a time wait for an answer, and keeps the channel
// in place while that caller sleeps. The ring lock guards State; it nests inside ALSA's stream
// lock, so nothing that takes the stream lock is called while it is held.
class Stream {
  public:
    // @caretaker is scheduled when look_after() has something to do at once; @watchdog knows when
    // the stream runs. There is no audio buffer while the backend maps @buffers_max earlier ones of
    // the card.
    Stream(XenbusDevice device, const StreamConfig &config, Work &caretaker, Watchdog &watchdog,
           Leftovers &leftovers, uint32_t buffers_max);
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    // ---- Connection; may sleep ----

    // Makes a transport to the backend.
    Result<void> connect();
    // Writes the transport's nodes below @card_directory.
    Result<void> publish(XenStoreTransaction &transaction, const char *card_directory);
    // The backend has attached to the transport: requests may be sent.
    void go_live();
    // Ends the connection: wakes whoever waits for an answer, suspends the stream if an application
    // has it open, and returns once no interrupt handler runs any more. The transport's pages,
    // which the backend may still map, are leftovers.
    void disconnect();
    // As disconnect(), for good: what comes later fails. The caretaker is not needed any more.
    void retire();
    // The guest was restored: no grant of the audio buffer is valid any more. After disconnect().
    void void_grants();
    // Whether an application has it open.
    bool is_in_use();

    // ---- Care for a connection that may be dead; may sleep ----

    // What look_after() saw.
    struct Health {
        bool has_transport = false;
        bool is_attached = false; // a backend uses the transport, and has not spoilt it
        bool is_stalled = false; // the backend owes a sign of life
        uint64_t silent_since_ms = 0; // if stalled: since when it owes that
        uint64_t last_sign_ms = 0; // of life, from the backend
        unsigned int next_look_ms = 0; // when to look again; 0: no need
    };
    // Declares the stream stalled if the backend is overdue.
    Health look_after();
    // Declares it stalled, because the backend does not answer on other streams either.
    void stall();
    // The backend is alive after all.
    void revive();
    // In ALSA, suspends the stream if it lost its backend, stops it if the backend broke the
    // protocol, or notices that it drains. False when somebody is in the way, who will be gone in
    // a moment.
    bool try_settle();

    // ---- ALSA; may sleep ----

    Result<void> open(Substream substream);
    void close();
    // Narrows @ranges to what the backend can do. Invalid when that leaves nothing.
    Result<void> refine(kshim_pcm_ranges &ranges);
    // @buffer_bytes: as open() has allowed.
    Result<void> allocate(size_t buffer_bytes);
    void release();
    Result<void> prepare();
    // Waits, bounded, until the backend has answered the last STOP.
    void sync_stop();

    // ---- ALSA; stream lock held ----

    Result<void> trigger(kshim_trigger command);
    // The application pointer moved.
    Result<void> acknowledge();
    // Frames into the buffer, or xrun_position.
    int64_t pointer();
    static constexpr int64_t xrun_position = -1;

    // ---- Mixer; may sleep (stream_mixer.cpp) ----

    Mixer &mixer()
    {
        return mixer_;
    }
    // What a control shows. Does not wait for the backend.
    void get_control(kshim_control_kind kind, uint32_t *values);
    // Sets a control and, while the stream is open, has the backend obey. Whether it shows anything
    // different now. Waits, bounded, for the backend and for whoever else does.
    bool put_control(kshim_control_kind kind, const uint32_t *values);

    // Prints configuration, state and statistics. Context: may sleep; with or without a connection.
    void show(ProcText &out);

    const StreamConfig &config() const
    {
        return config_;
    }

  private:
    // Why a stream cannot go on.
    enum class Failure : uint8_t {
        None,
        Xrun,
        Refused, // the backend answered a WRITE, READ or START with an error
        Dead, // the backend broke the protocol
    };

    // The request somebody sleeps for, if any.
    struct Waiter {
        bool is_waiting = false; // nobody has answered it, or given up on it or on the stream
        bool is_answered = false;
        RequestId id;
        Answer answer = {};
    };

    // The answer to the last OPEN, and what that asked for.
    struct RefusedOpen {
        int32_t status = 0; // 0: it was not refused
        kshim_pcm_params params = {};
    };

    // A volume or mute request that its sender no longer waits for: the only one of its operation
    // in flight.
    struct LateValues {
        wire::Request request;
        bool is_unanswered;
        bool is_stale; // its row has changed since: to be sent once more when it is answered
    };

    struct State {
        // Of the connection.
        Work *caretaker = nullptr; // nullptr: the card is gone
        Channel *channel = nullptr; // nullptr: no backend
        RequestRing ring;
        EventQueue events;
        Waiter waiter;
        LateValues late_values[value_rows] = {};
        Pace recoveries { setback_burst, 1000 }; // from xruns and refusals
        uint64_t silent_since_ms = 0; // if stalled
        uint64_t last_sign_ms = 0; // answer or event, or since when there has to be one
        uint32_t transfers_in_flight = 0;
        uint32_t starts_in_flight = 0; // START and RESUME, whose failure has to be noticed
        RequestId stop_id;
        bool is_stop_in_flight = false;
        bool has_stale_values = false; // one of late_values
        bool is_live = false; // the backend is attached to the channel
        bool is_stalled = false; // it is overdue; cleared by the next sign of life
        bool is_broken = false; // the backend broke the protocol; nothing it says counts
        bool is_settling_due = false; // the caretaker has to tell ALSA that it cannot go on
        // The refusal that was logged last, unless its operation has succeeded since; 0: none.
        wire::Operation refused_operation = wire::Operation::Open;
        int32_t refused_status = 0;

        Journal journal; // since the card was made

        // Of the open substream.
        Substream substream;
        kshim_pcm_params params = {}; // of the last OPEN
        bool is_open = false; // by the backend
        bool is_fresh = false; // nothing was sent since OPEN
        bool is_running = false;
        bool is_draining = false;
        // What it is while it is open and does not run: prepared, paused or stopped.
        kshim_stream_state rest = KSHIM_STREAM_PREPARED;
        bool may_be_draining = false; // it was started: to be looked at by the caretaker
        Failure failure = Failure::None; // for the next .pointer or interrupt
        FrameSize frame;
        Frames period;
        Frames buffer;
        Frames boundary;
        Frames application_pointer; // as ALSA counts: below the boundary
        Frames committed; // by the application, since OPEN: written or read
        Frames padded; // committed and, when draining, the silence behind it
        Frames captured; // reported by the backend, capture only
        PositionTracker position;
        TransferCursor cursor;
        unsigned int patience_ms = 0; // how long it may be silent while it runs
        uint32_t steps = 0; // interrupts with news since the last period boundary
    };

    // What was found under the ring lock and has to be told to ALSA, or logged, without it.
    struct Findings {
        bool has_work = false;
        bool is_period_due = false; // ALSA is to look at the position it is shown now
        bool has_position = false; // State::position has moved further than that
        Failure failure = Failure::None;
        Violation violation = Violation::None;
        wire::Operation failed_operation = wire::Operation::Open;
        int32_t failed_status = 0;
        bool is_failure_known = false; // it was logged before
        Substream substream;
    };

    // Shorter periods would interrupt more often than they are worth.
    static constexpr uint32_t period_frames_min = 32;
    // At most so many WRITEs, or READs, are in flight: further frames wait and go as one.
    static constexpr uint32_t transfer_window = 4;
    // News more often than this within a period is nothing to be woken for: see take_events().
    static constexpr uint32_t steps_per_period = 32;
    // More xruns and refusals than this in a second are no bad luck: the next ones are recovered
    // from slowly.
    static constexpr uint32_t setback_burst = 32;
    static constexpr unsigned int setback_pause_ms = 30;

    bool is_playback() const
    {
        return config_.type == StreamType::Playback;
    }
    // Whether there is a transport that a backend uses, by the protocol.
    static bool is_attached(const State &state)
    {
        return state.channel != nullptr && state.is_live && !state.is_broken;
    }
    // Whether a request has a chance to be answered.
    static bool is_usable(const State &state)
    {
        return is_attached(state) && !state.is_stalled;
    }
    // Whether the backend, which is not usable now, may come back to this stream.
    static bool is_waiting_for_backend(const State &state)
    {
        return state.caretaker != nullptr && !state.is_broken && !is_usable(state);
    }

    // ---- stream_requests.cpp: request mutex held, may sleep ----

    Result<Answer> request(const wire::Request &request) XEN_FRONT_REQUIRES(request_mutex_);
    // Sleeps until the request that State::waiter names is answered, or for @timeout_ms.
    Result<Answer> wait_for_answer(wire::Operation operation) XEN_FRONT_REQUIRES(request_mutex_);
    Result<void> open_backend() XEN_FRONT_REQUIRES(request_mutex_);
    // Sends @open with the buffer or, if the backend refuses that, with audio alone.
    Result<Answer> request_open(wire::Request &open, uint32_t channels)
        XEN_FRONT_REQUIRES(request_mutex_);
    void close_backend() XEN_FRONT_REQUIRES(request_mutex_);
    Result<wire::HwParamQuery> query(const wire::HwParamQuery &question)
        XEN_FRONT_REQUIRES(request_mutex_);

    // ---- stream_mixer.cpp: request mutex held, may sleep ----

    // What became of a volume or mute request.
    enum class Reaction : uint8_t {
        Done,
        Refused,
        Late, // the backend may still carry it out
        Gone, // the connection has ended
    };

    // Whether the open stream's buffer has rows of values.
    bool has_open_mixer() XEN_FRONT_REQUIRES(request_mutex_);
    // After OPEN with @channels channels: has the backend do as the controls show, or shows what
    // the backend does, and which control has no effect.
    void open_mixer(uint32_t channels) XEN_FRONT_REQUIRES(request_mutex_);
    // A new connection: what the last backend refused says nothing about the next.
    void renew_mixer() XEN_FRONT_REQUIRES(request_mutex_);
    // Whether the control shows other values now, because the backend said so.
    bool send_volumes(Reaction &reaction) XEN_FRONT_REQUIRES(request_mutex_);
    Reaction send_switches() XEN_FRONT_REQUIRES(request_mutex_);
    // Has the backend use the row of @operation.
    Reaction send_values(wire::Operation operation) XEN_FRONT_REQUIRES(request_mutex_);

    // ---- stream_mixer.cpp: ring lock held ----

    // @answer is that to a volume or mute request.
    static void on_late_values(State &state, const Answer &answer);
    // The stream is closed: the rows are none of the backend's business any more.
    static void forget_stale_values(State &state);

    // CLOSE and OPEN, so that positions start over: on any backend they do so only then.
    Result<void> reopen_backend() XEN_FRONT_REQUIRES(request_mutex_);

    // ---- stream_care.cpp ----

    void end_connection(bool is_for_good);
    // Ring lock held:
    // Whether the backend has to report progress before the stream can go on.
    bool expects_events(const State &state) const;
    void declare_stalled(State &state, uint64_t since_ms);
    // Sets State::is_running. Only while it is set is the watchdog due to look.
    void set_running(State &state, bool is_running);
    static void settle_soon(State &state);

    // ---- stream_events.cpp ----

    static kshim_event_result interrupt(void *context);
    kshim_event_result on_interrupt();
    // Ring lock held.
    static void on_sign_of_life(State &state);
    // Ring lock held. Moves what ALSA is shown by one step that it cannot mistake for standing
    // still.
    void show_position(State &state, Findings &findings);
    void tell_alsa(Findings &findings);
    void log_findings(const Findings &findings);

    // ---- stream_transport.cpp: ring lock held ----

    // Takes answers and sends transfers until neither is possible, and decides whether the next
    // answer shall interrupt.
    void pump(State &state, Findings &findings);
    // Sends transfers; looks at answers only if they are what is missing for that.
    void push_transfers(State &state, Findings &findings);
    void take_answers(State &state, Findings &findings);
    // Events are work when they bring news. A backend may report positions between the period
    // boundaries, but not any number: beyond that, interrupts are throttled as spurious ones are.
    void take_events(State &state, Findings &findings);
    // How far the hardware is, as far as the backend has told.
    Frames progress(const State &state) const;
    void on_answer(State &state, const Answer &answer, Findings &findings);
    // The backend answered a WRITE, READ or START with an error.
    static void on_refusal(State &state, const Answer &answer, Findings &findings);
    void on_position(State &state, Bytes reported);
    static void fail_by_xrun(State &state);
    void send_transfers(State &state);
    void break_connection(State &state, Violation violation, Findings &findings);
    bool wants_answers(const State &state) const;
    // Here, to be inlined: each period has one.
    static void publish_requests(State &state)
    {
        const bool is_wanted = state.ring.publish();
        if (is_wanted)
            state.channel->notify();
        state.journal.on_notification(is_wanted);
    }
    static void pad_with_silence(State &state);

    // ---- stream_report.cpp: ring lock held ----

    // Puts @request into the ring. NoSpace.
    static Result<RequestId> push(State &state, const wire::Request &request);
    static kshim_stream_state state_of(const State &state);
    // To be called after whatever may have changed that.
    static void note_state(State &state);

    // ---- stream_pcm.cpp: ring lock held ----

    // Forgets an earlier run of the open stream.
    static void start_over(State &state);
    Result<void> start(State &state, wire::TriggerType type, Findings &findings);
    void stop(State &state, wire::TriggerType type, Findings &findings);

    // "stream 0/1: " at the start of a message.
    void describe(TextBuilder &text) const;

    XenbusDevice device_;
    const StreamConfig &config_;
    Watchdog &watchdog_;
    Leftovers &leftovers_;
    const uint32_t buffers_max_;
    Mutex request_mutex_;
    Completion answered_;
    Box<Channel> channel_ XEN_FRONT_GUARDED_BY(request_mutex_); // of the connection
    Box<SharedBuffer> buffer_ XEN_FRONT_GUARDED_BY(request_mutex_);
    // The backend may have it open although State::is_open is not set.
    bool may_be_open_ XEN_FRONT_GUARDED_BY(request_mutex_) = false;
    RefusedOpen refused_open_ XEN_FRONT_GUARDED_BY(request_mutex_);
    bool was_prepared_ XEN_FRONT_GUARDED_BY(request_mutex_) = false; // since hw_params
    // The guest was restored since the buffer was granted.
    bool has_void_grants_ XEN_FRONT_GUARDED_BY(request_mutex_) = false;
    QueryCache query_cache_ XEN_FRONT_GUARDED_BY(request_mutex_);
    uint32_t open_channels_ XEN_FRONT_GUARDED_BY(request_mutex_) = 0; // of the last OPEN
    Mixer mixer_;
    Guarded<State, SpinLock> state_;
};

} // namespace xen_front

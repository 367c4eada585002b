// SPDX-License-Identifier: GPL-2.0-only
// One stream: an ALSA substream at one end, a backend's sound stream at the other.
#pragma once

#include "base/guarded.hpp"
#include "driver/card_services.hpp"
#include "driver/mixer.hpp"
#include "driver/report.hpp"
#include "driver/session.hpp"
#include "driver/shared_buffer.hpp"
#include "kernel/proc_text.hpp"
#include "sndif/config.hpp"
#include "sndif/hw_params.hpp"

namespace xen_front {

// Lives as long as its card. Connections to a backend come and go: while there is none, ALSA sees
// a position that does not move, and every operation succeeds from what is known.
//
// Three locks. The ring lock guards the Session; it nests inside ALSA's stream lock, so nothing
// that takes the stream lock is called while it is held. The request mutex lets one caller at a
// time wait for the backend, and keeps transport and buffer in place so long. The substream mutex
// keeps the substream open for the card's maintenance; it is never held while waiting for the
// backend.
class Stream {
  public:
    // @services: of the card.
    Stream(XenbusDevice device, const StreamConfig &config, CardServices &services);
    Stream(const Stream &) = delete;
    Stream &operator=(const Stream &) = delete;

    // ---- Connection; may sleep ----

    // Makes a transport to the backend, and lets it have the audio buffer. Busy when an earlier
    // backend still maps that.
    Result<void> connect();
    // Writes the transport's nodes below @card_directory.
    Result<void> publish(XenStoreTransaction &transaction, const char *card_directory);
    // The backend has attached to the transport: what an application has going, goes on.
    void go_live();
    // Ends the connection. Callers that wait for a response are woken; no interrupt handler runs
    // any more when this returns. The backend may still map the transport's pages.
    void disconnect();
    // As disconnect(), for good: what comes later fails.
    void retire();
    // The guest was restored: no grant of the audio buffer is valid any more. After disconnect().
    void void_grants();
    // The guest is about to sleep. Ends with the next look().
    void suspend();

    // ---- Maintenance; may sleep ----

    struct Health {
        uint64_t stalled_since_ms = 0; // if it is stalled, and should go on; otherwise 0
        bool is_served = false; // see Session::is_served()
        bool is_refused = false; // the backend does not go on with it: the card has to go
        unsigned int next_look_ms = 0; // when to look again; 0: no need to
    };
    // Tells ALSA, the mixer and the log what is due, and whether the backend is overdue.
    Health look();
    // If the backend has been overdue for @give_up_ms, the stream ends for good.
    void give_up_if_stalled(uint64_t now_ms, unsigned int give_up_ms);
    // Has ALSA look at a drain anew that it waits for. Whether there is one.
    bool wake_drain();
    // Has @card, the stream's, show the controls that the backend can do. In how many milliseconds
    // to try again; 0: no need to. Context: may sleep, with no lock held.
    unsigned int update_controls(SoundCard &card);

    // ---- ALSA; may sleep ----

    Result<void> open(Substream substream);
    void close();
    // Narrows @ranges to what the backend can do. Invalid when that leaves nothing.
    Result<void> refine(kshim_pcm_ranges &ranges);
    // @buffer_bytes: as open() has allowed.
    Result<void> hw_params(size_t buffer_bytes);
    void hw_free();
    Result<void> prepare();
    // Waits, bounded, for the response to STOP, and for interrupt handlers.
    void sync_stop();

    // ---- ALSA; stream lock held ----

    Result<void> trigger(kshim_trigger command);
    Result<void> ack();
    // Frames into the buffer.
    uint32_t pointer();
    bool get_time(kshim_pcm_time &time);

    // ---- Mixer; may sleep ----

    Mixer &mixer()
    {
        return mixer_;
    }
    // Sets a control; while the stream is open, the backend is sent what follows from it. Whether
    // it shows anything different now.
    bool put_control(kshim_control_kind kind, const uint32_t *values);

    // Prints configuration, state and statistics. Context: may sleep.
    void show(ProcText &out);

    const StreamConfig &config() const
    {
        return config_;
    }

  private:
    // What the last OPEN was answered with, and what it asked for.
    struct RefusedOpen {
        int32_t status = 0; // 0: it was not refused
        kshim_pcm_params params = {};
    };

    bool is_playback() const
    {
        return config_.type == StreamType::Playback;
    }
    // Lets go of the buffer. @is_closing: the backend has not answered CLOSE.
    void give_up_buffer(bool is_closing) XEN_FRONT_REQUIRES(request_mutex_);
    // "stream 0/1: " at the start of a message.
    void describe(TextBuilder &text) const;
    // ---- stream_requests.cpp ----

    // Sleeps until @is_over(session), until the link is lost, or until the request timeout, in
    // which case @operation is reported as unanswered.
    void wait_until(wire::Operation operation, bool (*is_over)(const Session &))
        XEN_FRONT_REQUIRES(request_mutex_);
    // The same for @limit_ms at most. Whether it is over, or the link was lost.
    bool wait_for(unsigned int limit_ms, bool (*is_over)(const Session &))
        XEN_FRONT_REQUIRES(request_mutex_);
    // How often the backend is to report its position: a part of a period, if period wake-ups are
    // off and the backend can do that.
    Frames choose_step(const kshim_pcm_params &params) XEN_FRONT_REQUIRES(request_mutex_);
    Result<wire::HwParamQuery> query(const wire::HwParamQuery &question)
        XEN_FRONT_REQUIRES(request_mutex_);
    Result<void> await_open() XEN_FRONT_REQUIRES(request_mutex_);
    void await_close() XEN_FRONT_REQUIRES(request_mutex_);
    void report_refused_open(int32_t status, const kshim_pcm_params &params)
        XEN_FRONT_REQUIRES(request_mutex_);
    void await_stop() XEN_FRONT_REQUIRES(request_mutex_);

    // ---- stream_connection.cpp ----

    void end_transport();
    static kshim_event_result on_response(void *stream);
    static kshim_event_result on_event(void *stream);
    template <kshim_event_result (Session::*handler)(Notices &)> kshim_event_result on_interrupt();
    // Says to ALSA and to the log what was found. An interrupt handler holds no lock of ours,
    // maintenance the connection's mutex and the substream mutex.
    void tell(const Notices &notices, Substream substream);
    void log(const Notices &notices) const;

    XenbusDevice device_;
    const StreamConfig &config_;
    CardServices &services_;
    Mutex request_mutex_;
    Mutex substream_mutex_;
    Completion changed_; // for the caller in wait_for()
    Box<Transport> transport_ XEN_FRONT_GUARDED_BY(request_mutex_);
    Box<SharedBuffer> buffer_ XEN_FRONT_GUARDED_BY(request_mutex_);
    bool has_void_grants_ XEN_FRONT_GUARDED_BY(request_mutex_) = false; // of the buffer
    QueryCache query_cache_ XEN_FRONT_GUARDED_BY(request_mutex_);
    RefusedOpen refused_open_ XEN_FRONT_GUARDED_BY(request_mutex_); // of the last OPEN
    Mixer mixer_;
    Guarded<Session, SpinLock> session_;
};

} // namespace xen_front

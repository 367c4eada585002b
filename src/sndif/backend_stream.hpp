// SPDX-License-Identifier: GPL-2.0-only
// A stream as its backend has it: opened or not, started or not, and which of OPEN, CLOSE and
// TRIGGER the backend is still to be sent.
#pragma once

#include "sndif/request_ring.hpp"

namespace xen_front {

enum class OpenState : uint8_t {
    Closed,
    Opening, // OPEN was sent
    Open,
    Refused, // OPEN was answered with an error; CLOSE is due all the same
};

inline constexpr uint32_t open_states = static_cast<uint8_t>(OpenState::Refused) + 1;

struct OpenTransition {
    OpenState from;
    OpenState to;
};

// Every change that is not listed is ignored.
inline constexpr OpenTransition open_transitions[] = {
    { OpenState::Closed, OpenState::Opening }, // OPEN was sent
    { OpenState::Opening, OpenState::Open }, // it was answered
    { OpenState::Opening, OpenState::Refused },
    { OpenState::Opening, OpenState::Closed }, // CLOSE was sent, or the backend has gone
    { OpenState::Open, OpenState::Closed },
    { OpenState::Refused, OpenState::Closed },
};

constexpr bool can_change(OpenState from, OpenState to)
{
    for (const OpenTransition &row : open_transitions) {
        if (row.from == from && row.to == to)
            return true;
    }
    return false;
}

// For /proc. One word.
constexpr const char *name_of(OpenState state)
{
    constexpr const char *names[] = { "closed", "opening", "open", "refused" };
    return names[static_cast<uint8_t>(state)];
}

static_assert(*name_of(OpenState::Refused) == 'r');

// What the triggers that the backend was sent since OPEN amount to.
enum class TriggerState : uint8_t {
    Prepared, // none was sent
    Started,
    Paused,
    Stopped, // it has to be opened anew
};

inline constexpr uint32_t trigger_states = static_cast<uint8_t>(TriggerState::Stopped) + 1;

struct TriggerTransition {
    TriggerState from;
    TriggerState to;
    wire::TriggerType type;
};

// What is not listed needs no trigger: what was not started needs no end.
inline constexpr TriggerTransition trigger_transitions[] = {
    { TriggerState::Prepared, TriggerState::Started, wire::TriggerType::Start },
    { TriggerState::Started, TriggerState::Paused, wire::TriggerType::Pause },
    { TriggerState::Paused, TriggerState::Started, wire::TriggerType::Resume },
    { TriggerState::Started, TriggerState::Stopped, wire::TriggerType::Stop },
    { TriggerState::Paused, TriggerState::Stopped, wire::TriggerType::Stop },
};

// nullptr when no trigger leads from @from to @to.
constexpr const TriggerTransition *find_trigger(TriggerState from, TriggerState to)
{
    for (const TriggerTransition &row : trigger_transitions) {
        if (row.from == from && row.to == to)
            return &row;
    }
    return nullptr;
}

// What a response to TRIGGER means for the application.
enum class TriggerResult : uint8_t {
    Harmless, // also a refusal of what has been overtaken since
    PauseRefused, // the device goes on, and RESUME will be of as little use to it
    StartRefused,
};

// Keeps apart what is due and what was sent: an application may want CLOSE, OPEN and START while
// the request ring is full, or while there is no backend.
//
// Pure: no kernel, no lock, no time. The caller's ring lock covers every call.
class BackendStream {
  public:
    // ---- Backends come and go ----

    // A backend has attached, which knows of no stream. @is_wanted: it is to open this one.
    void meet_backend(bool is_wanted);
    // It has gone, and the stream with it.
    void lose_backend();

    // ---- What is wanted of the backend ----

    // hw_free: CLOSE, if it has opened the stream.
    void want_closed();
    // prepare: CLOSE and OPEN, unless the stream is as OPEN left it, or there is no backend.
    void want_prepared(bool has_backend);
    // CLOSE and OPEN behind the application's back: its device ran dry, or over, or ALSA
    // has taken its start back.
    void want_reopened();
    // After OPEN was refused: CLOSE, and another OPEN that asks for less.
    void want_another_open()
    {
        is_open_due_ = true;
    }

    // ---- Requests, in this order ----

    // STOP, of a stream that runs or is paused and is to be closed: there are backends whose
    // devices go on after CLOSE.
    bool is_stop_due() const
    {
        return is_stop_due_;
    }
    void on_stop_sent(RequestId id);
    bool is_close_due() const
    {
        return is_close_due_;
    }
    void on_close_sent(RequestId id);
    bool is_open_due() const
    {
        return is_open_due_;
    }
    void on_open_sent(RequestId id);
    // The trigger that makes the stream @wanted; nullptr if there is none, or it is not usable.
    const TriggerTransition *due_trigger(TriggerState wanted) const
    {
        return is_usable() && trigger_ != wanted ? find_trigger(trigger_, wanted) : nullptr;
    }
    void on_trigger_sent(const TriggerTransition &trigger, RequestId id);
    // WRITE or READ.
    void on_transfer_sent()
    {
        is_fresh_ = false;
    }

    // ---- Responses; those to earlier requests change nothing ----

    // Whether @id is the OPEN that was sent last, and no CLOSE was sent, or is due, behind it.
    bool is_answer_to_open(RequestId id) const
    {
        return state_ == OpenState::Opening && id == open_id_ && !is_close_due_;
    }
    // OPEN succeeded. @is_continued: what an earlier backend has begun goes on.
    void on_opened(bool is_continued);
    // OPEN was refused: CLOSE is due, for some backends keep until then what they have done for it,
    // as the mapping of the buffer.
    void on_open_refused();
    // Whether @id is the CLOSE that was sent last.
    bool on_close_answered(RequestId id);
    TriggerResult on_trigger_answered(RequestId id, int32_t status);

    // ---- What it amounts to ----

    OpenState state() const
    {
        return state_;
    }
    bool is_open() const
    {
        return state_ == OpenState::Open;
    }
    // Whether it is to be sent WRITE, READ and TRIGGER.
    bool is_usable() const
    {
        return is_open() && !is_close_due_;
    }
    // Whether the backend has still to say whether it opens the stream, or to be asked.
    bool is_opening() const
    {
        return state_ == OpenState::Opening || is_open_due_;
    }
    // Of a CLOSE that follows a refused OPEN nothing is expected.
    bool is_closing() const
    {
        return (is_close_due_ && state_ != OpenState::Refused) || is_sent(close_id_);
    }
    bool is_starting() const
    {
        return is_sent(start_id_) || is_sent(resume_id_);
    }
    bool is_stopping() const
    {
        return is_sent(stop_id_);
    }
    // Whether the backend has, or may have, the stream open.
    bool may_be_open() const
    {
        return state_ != OpenState::Closed || is_closing();
    }
    // Whether it was started since OPEN: before that, what the backend says is about an earlier
    // run.
    bool was_started() const
    {
        return trigger_ != TriggerState::Prepared;
    }
    bool is_started() const
    {
        return trigger_ == TriggerState::Started;
    }
    // Whether the OPEN that is due, or is not answered, is a new backend's, which is to go on with
    // what another one has opened. No prepare() of the application's asks for it.
    bool is_continuing() const
    {
        return is_continuing_;
    }

  private:
    static bool is_sent(RequestId id)
    {
        return !(id == RequestId());
    }
    void change(OpenState to);

    OpenState state_ = OpenState::Closed;
    TriggerState trigger_ = TriggerState::Prepared;
    bool is_stop_due_ = false; // before the CLOSE that is due
    bool is_close_due_ = false;
    bool is_open_due_ = false;
    bool was_opened_ = false; // by any backend, since prepare
    bool is_continuing_ = false;
    bool is_fresh_ = false; // as OPEN left it, and not to go on with an earlier run
    bool is_pause_refused_ = false;
    // Of requests that are not answered yet.
    RequestId open_id_, close_id_, start_id_, pause_id_, resume_id_, stop_id_;
};

} // namespace xen_front

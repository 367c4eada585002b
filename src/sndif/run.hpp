// SPDX-License-Identifier: GPL-2.0-only
// What playback and capture have in common between prepare and the next prepare: the state, the
// position that ALSA is shown, and the WRITEs or READs that the backend has not answered yet.
#pragma once

#include "base/strong.hpp"
#include "sndif/request_ring.hpp"
#include "sndif/run_state.hpp"

namespace xen_front {

// A run of bytes inside the buffer, not over its end.
struct TransferRange {
    uint32_t offset;
    uint32_t length;
};

// The sizes of a run, as the application chose them. ALSA sees to it that the buffer holds two
// periods at least, and that both fill whole bytes.
struct RunGeometry {
    FrameSize frame;
    Frames period { 1 };
    Frames buffer { 1 };
};

// How far a position has moved, the least first.
enum class Move : uint8_t {
    None,
    InPeriod, // within a period
    Period, // over the end of one or more
};

// What a response to a WRITE or READ was to this run.
enum class TransferResult : uint8_t {
    Foreign, // its request belongs to an earlier session or run
    Done,
    Refused,
};

// A run outlives its connections. Positions count frames from prepare on, the same for ALSA and
// for each backend that the run meets: what a backend counts from its OPEN on is added to where
// the run was when that backend opened it.
//
// Pure: no kernel, no lock, no time. The caller's ring lock covers every call.
class Run {
  public:
    // At most so many WRITEs, or READs, are in flight: further frames wait and go as one.
    static constexpr uint32_t transfer_window = 4;

    RunState state() const
    {
        return state_;
    }
    const RunGeometry &geometry() const
    {
        return geometry_;
    }
    // Whether frames move, or would if there was a backend.
    bool is_moving() const
    {
        return state_ == RunState::Running || state_ == RunState::Draining;
    }
    // Whether a backend has to have the stream open.
    bool wants_session() const
    {
        return is_moving() || state_ == RunState::Prepared || state_ == RunState::Paused;
    }
    // Start, UndoStart, Pause, Resume, Stop, Fail or Reset. False when the state does not allow it;
    // then nothing happens.
    bool apply(RunCommand command);

    // ---- Positions, in frames since prepare ----

    // Where the backend's hardware is, as far as that counts: see PlaybackRun and CaptureRun.
    Frames position() const
    {
        return position_;
    }
    // What the last look_at_position() returned.
    Frames shown() const
    {
        return shown_;
    }
    // What ALSA may be shown: position(), or more, see PlaybackRun.
    Frames visible() const
    {
        return visible_;
    }
    // Shows it. Frames into the buffer, for .pointer. ALSA sees positions modulo the buffer, so a
    // step of a whole buffer would look like none: it is shown in two.
    [[gnu::always_inline]] uint32_t look_at_position()
    {
        shown_ = min(visible_, shown_ + geometry_.buffer - alignment());
        return static_cast<uint32_t>(shown_.value() % geometry_.buffer.value());
    }
    // Whether ALSA was shown what is not played yet: of a run that free-wheels, or did.
    bool has_delay() const
    {
        return position_ < shown_;
    }
    // Whether it may have free-wheeled since prepare.
    bool was_unstoppable() const
    {
        return was_unstoppable_;
    }
    // Whether ALSA has to be told that a period has elapsed, and takes note that it was.
    bool take_elapsed()
    {
        return exchange(is_elapsed_, false);
    }
    bool is_elapsed() const
    {
        return is_elapsed_;
    }
    // Whether ALSA's stop threshold is beyond the buffer, so that the position may overtake the
    // application's pointer. Sound servers have it so, and dmix and dsnoop, which never move the
    // pointer: only those write, or read, in place.
    void set_unstoppable(bool is_unstoppable)
    {
        is_unstoppable_ = is_unstoppable;
        was_unstoppable_ |= is_unstoppable;
    }

    // ---- Transfers ----

    // What the backend was asked for so far.
    Frames requested() const
    {
        return geometry_.frame.frames(requested_);
    }
    // The bytes of that since the session began.
    Bytes transferred() const
    {
        return requested_ - geometry_.frame.bytes(base_);
    }
    uint32_t in_flight() const
    {
        return in_flight_;
    }
    // After next_transfer(), and on_transfer_sent() if it gave a range: whether there is another
    // one, for which the window may lack room.
    bool has_rest() const
    {
        return requested_ < target_;
    }
    // The responses to what is in flight say nothing any more.
    void forget_transfers()
    {
        in_flight_ = 0;
    }

  protected:
    // An unanswered transfer; those that were answered out of turn wait for those before them.
    struct Transfer {
        RequestId id;
        Bytes end; // where the run is once it and all before it are answered
        bool is_answered;
    };

    void begin(const RunGeometry &geometry);
    // A new backend has opened the stream: its positions count from @at on.
    void begin_session(Frames at);
    Move move_between(Frames before, Frames after) const;
    // Makes position() @position if it is further on.
    [[gnu::always_inline]] Move advance(Frames position)
    {
        const Move made = move_between(position_, position);
        if (made == Move::None)
            return made;
        position_ = position;
        // Of what was visible already, ALSA was told then.
        if (position > visible_) {
            visible_ = position;
            is_elapsed_ |= made == Move::Period;
        }
        return made;
    }
    // The next range on the way to @target, while the window has room; the state is the caller's to
    // check.
    bool next_range(Bytes target, TransferRange &range);
    // The request of the range that next_range() gave last was put into the ring as @id. A range
    // that was not is given again.
    [[gnu::always_inline]] void add_transfer(RequestId id)
    {
        requested_ = offered_;
        transfers_[in_flight_++] = { id, requested_, false };
    }
    // Takes the response to a transfer; @end, when Done, is where the answered ones end.
    [[gnu::noinline]] TransferResult take_response(RequestId id, int32_t status, Bytes &end);
    // Of a position that a backend reports, any number: frames since prepare, of whole bytes.
    [[gnu::always_inline]] Frames since_prepare(Bytes reported) const
    {
        // Neither the frames nor the sum may wrap: no run is ever that long.
        constexpr Bytes longest(~uint64_t { 0 } >> 3);
        return align_down(base_ + geometry_.frame.frames(min(reported, longest)));
    }
    // The fewest frames that fill whole bytes, a power of two. ALSA rounds what .pointer returns
    // down to a multiple of them, so positions are multiples, and what ALSA was shown is what it
    // took.
    Frames alignment() const
    {
        // Of ALSA's formats only those of four bits a sample have frames that do not fill bytes.
        return Frames(geometry_.frame.fills_bytes() ? 1 : 2);
    }
    Frames align_down(Frames frames) const
    {
        return Frames(frames.value() & ~(alignment().value() - 1));
    }

    RunState state_ = RunState::Idle;
    bool is_unstoppable_ = false;
    bool is_elapsed_ = false;
    bool was_unstoppable_ = false; // since prepare
    uint32_t in_flight_ = 0; // used entries of transfers_
    RunGeometry geometry_;
    Frames base_; // where the run was when the session began
    Frames position_;
    Frames visible_;
    Frames shown_; // never less than it was
    Bytes requested_;
    Bytes offered_; // the end of the range that next_range() gave last
    Bytes target_; // where next_range() was to lead
    Transfer transfers_[transfer_window] = {}; // oldest first
};

} // namespace xen_front

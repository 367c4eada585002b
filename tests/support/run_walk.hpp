// SPDX-License-Identifier: GPL-2.0-only
// A run and a model of it, which are told the same events: what playback and capture have in
// common.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>

#include "sndif/run.hpp"

namespace xen_front::test {

enum class RunEvent : uint8_t {
    Prepare,
    Start,
    Pause,
    Resume,
    Drain,
    Stop,
    Fail,
    Free, // hw_free
    Commit, // so many frames more
    Rewind, // IOCTL_RESET, and then so many frames
    Overcommit, // more than the buffer has
    Send,
    SendWithoutRoom, // the ring has no slot for the range
    Answer, // the unanswered transfer of that number
    Refuse, // likewise
    AnswerForeign,
    Report, // so many frames more than before
    ReportBackwards, // so many fewer
    ReportHuge, // so many fewer than the most that 64 bits hold, in some units
    Session,
    Look,
    Take,
    FreeWheel, // on, or off again
    Record, // 1: the backend records; 0: it does not
    OtherBackend,
    Silence,
    UndoStart, // and the backend opens the stream anew
    Events
};

struct RunStep {
    RunEvent event;
    uint32_t amount;
};

constexpr bool is_from_backend(RunEvent event)
{
    return event >= RunEvent::Answer && event <= RunEvent::Session;
}

struct WalkGeometry {
    uint32_t frame_bits;
    uint32_t period;
    uint32_t buffer;
};

// Throws, with the promise that was broken.
inline void promise(bool is_kept, const char *text)
{
    if (!is_kept)
        throw std::logic_error(text);
}

// What the model knows of a transfer that is not answered, or waits for those before it.
struct WalkTransfer {
    uint16_t id;
    bool is_answered;
    uint64_t end; // in bytes
};

// Plain values, so that a walk can be copied, and compared byte by byte.
template <typename RunType> class RunWalk {
  public:
    static constexpr uint32_t largest_buffer = 64;

    const RunType &run() const
    {
        return run_;
    }
    RunState state() const
    {
        return state_;
    }

  protected:
    explicit RunWalk(const WalkGeometry &geometry) : geometry_(geometry)
    {
        promise(geometry.period > 0 && geometry.buffer > geometry.period &&
                    geometry.buffer <= largest_buffer,
                "ALSA has two periods to a buffer, and the model has room for them");
    }

    RunGeometry run_geometry() const
    {
        return { FrameSize(geometry_.frame_bits), Frames(geometry_.period),
                 Frames(geometry_.buffer) };
    }
    // ---- Units, as a textbook has them ----
    uint64_t bytes(uint64_t frames) const
    {
        return frames * geometry_.frame_bits / 8;
    }
    uint64_t frames(uint64_t bytes) const
    {
        return bytes * 8 / geometry_.frame_bits;
    }
    uint64_t align() const
    {
        return geometry_.frame_bits % 8 == 0 ? 1 : 2;
    }
    uint64_t align_down(uint64_t frames) const
    {
        return frames / align() * align();
    }
    bool is_moving() const
    {
        return state_ == RunState::Running || state_ == RunState::Draining;
    }

    void begin_model()
    {
        state_ = RunState::Prepared;
        position_ = shown_ = base_ = sent_ = 0;
        in_flight_ = 0;
        is_elapsed_ = false;
        is_tainted_ = is_unstoppable_;
    }
    void begin_session_model()
    {
        base_ = position_;
        sent_ = bytes(base_);
        in_flight_ = 0;
    }
    // Tells both the model and the run.
    bool command(RunCommand command)
    {
        const RunTransition *row = find_transition(state_, command);
        promise(run_.apply(command) == (row != nullptr), "commands are taken as the table says");
        if (row != nullptr)
            state_ = row->to;
        return row != nullptr;
    }
    // Moves the model's position.
    Move move_between(uint64_t before, uint64_t after) const
    {
        if (after <= before)
            return Move::None;
        const uint64_t begin_of_next = (before / geometry_.period + 1) * geometry_.period;
        return after < begin_of_next ? Move::InPeriod : Move::Period;
    }
    void move_to(uint64_t position)
    {
        if (move_between(position_, position) == Move::Period)
            is_elapsed_ = true;
        position_ = std::max(position_, position);
    }
    // What the run gives as its next range has to be what lies before @target, in bytes.
    bool check_range(bool is_given, const TransferRange &range, bool is_expected, uint64_t target)
    {
        promise(is_given == is_expected, "a range is given when there is one, and only then");
        if (!is_given)
            return false;
        const uint64_t buffer = bytes(geometry_.buffer);
        promise(range.length > 0, "no range is empty");
        promise(uint64_t { range.offset } + range.length <= buffer, "no range leaves the buffer");
        promise(range.offset == sent_ % buffer, "ranges follow each other without a gap");
        promise(sent_ + range.length <= target, "no range goes beyond what there is");
        promise(sent_ + range.length == target || range.offset + range.length == buffer,
                "a range ends with what there is, or with the buffer");
        return true;
    }
    void send(const TransferRange &range)
    {
        sent_ += range.length;
        const uint16_t id = unused_id();
        transfers_[in_flight_++] = { id, false, sent_ };
        run_.on_transfer_sent(RequestId(id));
        auto next_run = run_;
        TransferRange next = {};
        promise(run_.has_rest() || !next_run.next_transfer(next), "what has no rest has no more");
    }
    // Answers the @number-th unanswered transfer. The end of the answered ones, 0 if none.
    uint64_t answer(uint32_t number, int32_t status,
                    TransferResult refused = TransferResult::Refused)
    {
        uint32_t unanswered = 0;
        for (uint32_t i = 0; i < in_flight_; i++)
            unanswered += !transfers_[i].is_answered;
        if (unanswered == 0)
            return 0;
        number %= unanswered;
        uint32_t index = 0;
        while (transfers_[index].is_answered || number-- > 0)
            index++;
        transfers_[index].is_answered = true;
        promise(run_.on_response(RequestId(transfers_[index].id), status) ==
                    (status == 0 ? TransferResult::Done : refused),
                "a response finds its transfer");
        uint64_t end = 0;
        while (in_flight_ > 0 && transfers_[0].is_answered) {
            end = transfers_[0].end;
            for (uint32_t i = 1; i < in_flight_; i++)
                transfers_[i - 1] = transfers_[i];
            transfers_[--in_flight_] = {};
        }
        return end;
    }
    void answer_foreign()
    {
        promise(run_.on_response(RequestId(999), 0) == TransferResult::Foreign,
                "a response to no transfer of the session is foreign");
    }
    // ALSA can be shown what lies before @end.
    void look(uint64_t end)
    {
        const uint64_t before = shown_;
        const uint32_t pointer = run_.look_at_position();
        shown_ = run_.shown().value();
        promise(shown_ - before < geometry_.buffer, "ALSA can tell each step from none");
        promise(shown_ > before || end == before, "each step leads on");
        promise(shown_ == end || end - before >= geometry_.buffer,
                "all is shown at once if ALSA can see it");
        promise(pointer == shown_ % geometry_.buffer, "the pointer is what was shown");
    }
    void take()
    {
        promise(run_.take_elapsed() == is_elapsed_, "ALSA is told of a period once");
        is_elapsed_ = false;
    }
    void check_common() const
    {
        promise(run_.state() == state_, "the state is the model's");
        promise(run_.position().value() == position_, "the position is the model's");
        promise(run_.shown().value() == shown_, "what is shown is the model's");
        promise(position_ % align() == 0, "positions are what ALSA aligns them to");
        promise(run_.is_elapsed() == is_elapsed_, "a period has elapsed, or there is no more");
        promise(run_.in_flight() == in_flight_, "what is in flight is counted");
        promise(in_flight_ <= Run::transfer_window, "the window is never exceeded");
        promise(run_.requested().value() == frames(sent_), "what was asked for is counted");
        promise(run_.is_moving() == is_moving(), "moving is what the state says");
        promise(run_.wants_session() ==
                    (is_moving() || state_ == RunState::Prepared || state_ == RunState::Paused),
                "sessions are for runs");
    }

    WalkGeometry geometry_;
    RunType run_ {};
    RunState state_ = RunState::Idle;
    bool is_unstoppable_ = false;
    bool is_elapsed_ = false;
    // Frames were taken back, or the run was free-wheeling: the buffer may hold anything.
    bool is_tainted_ = false;
    uint32_t in_flight_ = 0;
    uint64_t position_ = 0;
    uint64_t shown_ = 0;
    uint64_t base_ = 0;
    uint64_t sent_ = 0; // in bytes since prepare
    std::array<WalkTransfer, Run::transfer_window> transfers_ {};

  private:
    // The lowest, so that equal states are equal.
    uint16_t unused_id() const
    {
        uint16_t id = 0;
        for (uint32_t i = 0; i < in_flight_; i++) {
            if (transfers_[i].id == id) {
                id++;
                i = ~0u; // from the start
            }
        }
        return id;
    }
};

// Reports that are no positions: around the ends of what 64 bits hold as bytes and as frames.
inline uint64_t huge_report(uint32_t amount)
{
    constexpr uint64_t ends[] = { ~uint64_t { 0 }, uint64_t { 1 } << 63, uint64_t { 1 } << 61,
                                  ~uint64_t { 0 } >> 1 };
    return ends[amount % 4] - amount / 4;
}

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// A walk of a run of capture beside its model.
#pragma once

#include <algorithm>

#include "sndif/capture_run.hpp"
#include "support/run_walk.hpp"

namespace xen_front::test {

class CaptureWalk : public RunWalk<CaptureRun> {
  public:
    explicit CaptureWalk(const WalkGeometry &geometry) : RunWalk(geometry)
    {
    }
    void step(const RunStep &step);
    // In a copy of the walk, a good backend fills the buffer and goes on as the application reads.
    void check_end() const
    {
        CaptureWalk copy(*this);
        copy.record();
    }

  private:
    void happen(const RunStep &step);
    void prepare();
    void read(uint64_t count);
    void read_all();
    void overread(uint64_t count);
    void report(uint64_t bytes);
    void send_next(bool has_room);
    void receive(uint32_t number, int32_t status);
    void record();

    bool is_free_wheeling() const
    {
        return is_unstoppable_ && read_ == 0;
    }
    uint64_t limit() const
    {
        return (is_free_wheeling() ? position_ : read_) + geometry_.buffer;
    }
    // Where a READ ahead would end; 0 when none may go.
    uint64_t ahead_end() const;
    void end_session();
    void judge(bool was_held);
    void take_room();
    void go_on();

    uint64_t read_ = 0;
    uint64_t reported_ = 0;
    uint64_t lost_ = 0;
    uint64_t captured_ = 0;
    uint64_t fetched_ = 0;
    uint64_t ahead_ = 0; // where the READ ahead that is in flight ends; 0: there is none
    bool is_recording_ = false;
    bool is_void_ = false;
    bool is_early_ = false;
    uint64_t held_ = 0; // READs in a row
};

inline void CaptureWalk::step(const RunStep &step)
{
    happen(step);
    check_common();
    promise(shown_ <= position_, "ALSA is shown no more than there is");
    promise(run_.committed().value() == read_, "what was read is the model's");
    promise(run_.wants_responses() == (in_flight_ > 0), "each READ has to be answered");
    promise(run_.is_ahead() == (ahead_ > 0), "a READ ahead is known");
    promise(run_.needs_no_reports() == (ahead_ > 0 && held_ >= 3),
            "a backend that has held three READs needs to report nothing");
    const bool has_room = captured_ < align_down(limit());
    promise(run_.expects_position() == (is_moving() && (in_flight_ > 0 || has_room)),
            "what moves is to be reported, unless nothing more fits");
    if (state_ == RunState::Idle)
        return;
    promise(read_ <= shown_, "only what is shown is read");
    promise(position_ <= frames(sent_), "nothing is shown that was not fetched");
    promise(position_ <= captured_ || is_tainted_, "nothing is shown that was not reported");
    if (is_tainted_)
        return;
    promise(sent_ <= bytes(read_ + geometry_.buffer), "nothing unread is overwritten");
}

inline void CaptureWalk::happen(const RunStep &step)
{
    // Without a run there is no session, and no backend sends anything.
    if (state_ == RunState::Idle && is_from_backend(step.event))
        return;
    switch (step.event) {
    case RunEvent::Prepare:
        return prepare();
    case RunEvent::Start:
        command(RunCommand::Start);
        return;
    case RunEvent::Pause:
        command(RunCommand::Pause);
        return;
    case RunEvent::Resume:
        command(RunCommand::Resume);
        return;
    case RunEvent::Stop:
        command(RunCommand::Stop);
        return;
    case RunEvent::Fail:
        command(RunCommand::Fail);
        return;
    case RunEvent::Free:
        command(RunCommand::Reset);
        return;
    case RunEvent::Commit:
        return read(step.amount);
    case RunEvent::Rewind:
        return read_all();
    case RunEvent::Overcommit:
        return overread(step.amount);
    case RunEvent::Send:
        return send_next(true);
    case RunEvent::SendWithoutRoom:
        return send_next(false);
    case RunEvent::Answer:
        return receive(step.amount, 0);
    case RunEvent::Refuse:
        return receive(step.amount, -5);
    case RunEvent::AnswerForeign:
        return answer_foreign();
    case RunEvent::Report:
        return report(bytes(captured_ - base_ + step.amount));
    case RunEvent::ReportBackwards:
        return report(
            bytes(captured_ - base_ - std::min<uint64_t>(step.amount, captured_ - base_)));
    case RunEvent::ReportHuge:
        return report(huge_report(step.amount));
    case RunEvent::UndoStart:
        if (!command(RunCommand::UndoStart))
            return;
        [[fallthrough]];
    case RunEvent::Session:
        run_.begin_session();
        begin_session_model();
        return end_session();
    case RunEvent::Look:
        return look(position_);
    case RunEvent::Take:
        return take();
    case RunEvent::FreeWheel:
        is_unstoppable_ = !is_unstoppable_;
        is_tainted_ = true;
        return run_.set_unstoppable(is_unstoppable_);
    case RunEvent::Record:
        is_recording_ = step.amount != 0;
        is_void_ |= !is_recording_;
        return run_.set_recording(is_recording_);
    case RunEvent::OtherBackend:
        is_early_ = false;
        held_ = 0;
        return run_.meet_backend();
    case RunEvent::Drain: // ALSA stops capture, and lets what is there be read
    case RunEvent::Silence:
    case RunEvent::Events:
        return;
    }
}

inline void CaptureWalk::prepare()
{
    run_.prepare(run_geometry());
    begin_model();
    read_ = 0;
    end_session();
}

inline void CaptureWalk::end_session()
{
    reported_ = captured_ = fetched_ = base_;
    lost_ = 0;
    ahead_ = 0;
    is_recording_ = false;
}

inline void CaptureWalk::take_room()
{
    captured_ = std::max(captured_, align_down(std::min(reported_, limit())));
}

inline void CaptureWalk::go_on()
{
    take_room();
    const uint64_t before = position_;
    move_to(std::min(fetched_, captured_));
    is_elapsed_ |= !is_free_wheeling() && position_ > before && position_ == align_down(limit());
}

inline uint64_t CaptureWalk::ahead_end() const
{
    if (!is_recording_ || is_early_ || in_flight_ > 0 || frames(sent_) < reported_)
        return 0;
    uint64_t end = base_;
    while (end <= frames(sent_))
        end += geometry_.period;
    const bool is_one_piece =
        frames(sent_) % geometry_.buffer + end - frames(sent_) <= geometry_.buffer;
    return is_one_piece && end <= limit() ? end : 0;
}

inline void CaptureWalk::read(uint64_t count)
{
    if (read_ + count > shown_ || shown_ - read_ - count > geometry_.buffer)
        return;
    promise(run_.commit(static_cast<int64_t>(shown_ - read_ - count)),
            "what was shown can be read");
    if (state_ == RunState::Idle)
        return;
    read_ += count;
    take_room();
}

inline void CaptureWalk::read_all()
{
    promise(run_.commit(0), "all that was shown can be read");
    if (state_ == RunState::Idle)
        return;
    read_ = shown_;
    take_room();
}

inline void CaptureWalk::overread(uint64_t count)
{
    const uint64_t most = std::min<uint64_t>(geometry_.buffer, shown_);
    const bool is_taken = run_.commit(static_cast<int64_t>(most + 1 + count));
    promise(is_taken == (is_unstoppable_ || state_ == RunState::Idle),
            "more than the buffer holds is refused");
    if (!is_taken || state_ == RunState::Idle)
        return;
    read_ = std::max(read_, shown_ - most);
    take_room();
}

inline void CaptureWalk::report(uint64_t bytes)
{
    const uint64_t longest = ~uint64_t { 0 } >> 3;
    const uint64_t claimed = align_down(base_ + frames(std::min(bytes, longest)));
    const uint64_t before = captured_;
    reported_ = std::max(reported_, claimed - std::min(lost_, claimed));
    const uint64_t most = std::max(captured_, align_down(limit()) + geometry_.buffer);
    while (reported_ >= most + geometry_.period) {
        const uint64_t periods = (reported_ - most) / geometry_.period;
        lost_ += periods * geometry_.period;
        reported_ -= periods * geometry_.period;
    }
    const Move move = run_.report(Bytes(bytes));
    go_on();
    promise(move == move_between(before, captured_), "how far the position moves");
}

inline void CaptureWalk::send_next(bool has_room)
{
    TransferRange range = {};
    const uint64_t ahead = is_moving() ? ahead_end() : 0;
    const uint64_t target = ahead > 0 ? ahead : captured_;
    const bool is_expected =
        is_moving() && in_flight_ < Run::transfer_window && sent_ < bytes(target);
    if (!check_range(run_.next_transfer(range), range, is_expected, bytes(target)) || !has_room)
        return;
    send(range);
    if (ahead > 0) {
        ahead_ = ahead;
        is_void_ = false;
    }
}

inline void CaptureWalk::judge(bool was_held)
{
    if (was_held)
        held_ = std::min<uint64_t>(held_ + 1, 3);
    else if (held_ == 3)
        held_ = 2;
    else {
        held_ = 0;
        is_early_ = true;
    }
}

inline void CaptureWalk::receive(uint32_t number, int32_t status)
{
    if (in_flight_ == 0)
        return;
    // Nothing is sent behind a READ ahead before its frames are reported.
    const bool is_early = ahead_ > reported_;
    const bool is_verdict = !is_void_ && is_moving();
    const bool is_not_there =
        ahead_ > 0 && in_flight_ == 1 && (!is_verdict || (is_early && held_ == 0));
    const uint64_t end =
        answer(number, status, is_not_there ? TransferResult::Done : TransferResult::Refused);
    if (ahead_ > 0 && end > 0) {
        if (is_verdict && (status == 0 || is_not_there))
            judge(!is_early);
        ahead_ = 0;
    }
    if (status != 0 && is_not_there) {
        sent_ = bytes(fetched_);
        return;
    }
    if (status != 0) {
        command(RunCommand::Fail);
        return;
    }
    fetched_ = std::max(fetched_, frames(end));
    go_on();
}

inline void CaptureWalk::record()
{
    if (state_ == RunState::Paused)
        step({ RunEvent::Resume, 0 });
    // A backend that has claimed to have recorded for years is not a good one.
    if (!is_moving() || is_tainted_ || lost_ > uint64_t { 1 } << 40)
        return;
    for (uint32_t round = 0; round < 2; round++) {
        const uint64_t before = position_;
        const uint64_t room = limit();
        report(bytes(lost_ + room - base_));
        for (uint32_t i = 0; i < 12; i++) {
            step({ RunEvent::Send, 0 });
            step({ RunEvent::Answer, 0 });
        }
        promise(position_ == align_down(room), "a good backend fills the buffer");
        promise(position_ == before || run_.is_elapsed(), "ALSA hears of a full buffer");
        step({ RunEvent::Look, 0 });
        step({ RunEvent::Look, 0 });
        promise(shown_ == position_, "a full buffer is shown in two steps at most");
        step({ RunEvent::Rewind, 0 });
        step({ RunEvent::Take, 0 });
    }
}

} // namespace xen_front::test

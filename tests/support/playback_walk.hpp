// SPDX-License-Identifier: GPL-2.0-only
// A walk of a run of playback: the model keeps which frame is in which place of the buffer.
#pragma once

#include <algorithm>
#include <utility>

#include "sndif/playback_run.hpp"
#include "support/run_walk.hpp"

namespace xen_front::test {

class PlaybackWalk : public RunWalk<PlaybackRun> {
  public:
    explicit PlaybackWalk(const WalkGeometry &geometry) : RunWalk(geometry)
    {
    }
    void step(const RunStep &step);
    // In a copy of the walk, a good backend that reports whole periods plays to the end.
    void check_end() const
    {
        PlaybackWalk copy(*this);
        copy.play_to_the_end();
    }

  private:
    void happen(const RunStep &step);
    void prepare();
    void commit(uint64_t count);
    void rewind(uint64_t count);
    void overcommit(uint64_t count);
    void drain();
    void report(uint64_t bytes);
    void send_next(bool has_room);
    void silence();
    void check_content(const TransferRange &range) const;
    void play_to_the_end();

    bool is_free_wheeling() const
    {
        return is_unstoppable_ && committed_ == 0;
    }
    bool has_run_out() const
    {
        return !is_free_wheeling() && position_ >= committed_;
    }
    uint64_t target() const
    {
        const uint64_t ahead =
            std::min<uint64_t>(uint64_t { 2 } * geometry_.period, geometry_.buffer);
        return is_free_wheeling() ? std::max(position_ + ahead, padded_)
                                  : std::min(padded_, position_ + geometry_.buffer);
    }
    void take_frames(uint64_t end)
    {
        is_elapsed_ |= move_between(visible_, end) == Move::Period;
        visible_ = std::max(visible_, end);
    }
    void run_out()
    {
        is_elapsed_ = true;
        if (state_ != RunState::Draining || shown_ < position_)
            return;
        position_ = visible_ = shown_ + align();
        is_overtaken_ = is_tainted_ = true;
    }
    void begin_session()
    {
        run_.begin_session();
        const bool is_lost = std::exchange(position_, std::max(position_, shown_)) < shown_;
        visible_ = position_;
        begin_session_model();
        if (is_lost && is_moving() && has_run_out())
            run_out();
    }

    // ALSA had been shown the end of what drains, and is shown more.
    bool is_overtaken_ = false;
    uint64_t visible_ = 0; // what ALSA can be shown
    uint64_t committed_ = 0;
    uint64_t padded_ = 0;
    // Which frame since prepare, plus one, was written to each place.
    std::array<uint64_t, largest_buffer> content_ {};
};

inline void PlaybackWalk::step(const RunStep &step)
{
    happen(step);
    check_common();
    promise(run_.committed().value() == committed_, "what is committed is the model's");
    promise(frames(sent_) <= position_ + geometry_.buffer, "at most a buffer is with the backend");
    promise(run_.delay().value() == shown_ - std::min(shown_, position_),
            "the delay is what is shown and not played");
    if (state_ == RunState::Idle)
        return;
    promise(shown_ <= std::max(frames(sent_), position_), "ALSA is shown no more than there is");
    promise(shown_ <= position_ || is_tainted_, "what is not free-wheeling is played when shown");
    promise(position_ <= frames(sent_) + (is_overtaken_ ? align() : 0),
            "nothing plays that the backend was not given");
    if (is_tainted_)
        return;
    promise(position_ < committed_ + align(), "nothing plays that was not committed");
    promise(sent_ <= bytes(padded_), "nothing is given that is not there");
    promise(!is_moving() || !has_run_out() || position_ == committed_ || align() > 1,
            "what has run out ends with what was committed");
}

inline void PlaybackWalk::happen(const RunStep &step)
{
    // Without a run there is no session, and no backend sends anything.
    if (state_ == RunState::Idle && is_from_backend(step.event))
        return;
    switch (step.event) {
    case RunEvent::Prepare:
        return prepare();
    case RunEvent::Start:
        // ALSA starts no stream that has no frames.
        if (committed_ > 0 || is_unstoppable_)
            command(RunCommand::Start);
        return;
    case RunEvent::Pause:
        command(RunCommand::Pause);
        return;
    case RunEvent::Resume:
        command(RunCommand::Resume);
        return;
    case RunEvent::Drain:
        return drain();
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
        return commit(step.amount);
    case RunEvent::Rewind:
        return rewind(step.amount);
    case RunEvent::Overcommit:
        return overcommit(step.amount);
    case RunEvent::Send:
        return send_next(true);
    case RunEvent::SendWithoutRoom:
        return send_next(false);
    case RunEvent::Answer:
        if (in_flight_ > 0) {
            const uint64_t end = answer(step.amount, 0);
            if (is_free_wheeling())
                take_frames(align_down(frames(end)));
        }
        return;
    case RunEvent::Refuse:
        if (answer(step.amount, -5) > 0)
            command(RunCommand::Fail);
        return;
    case RunEvent::AnswerForeign:
        return answer_foreign();
    case RunEvent::Report:
        return report(bytes(position_ - base_ + step.amount));
    case RunEvent::ReportBackwards:
        return report(
            bytes(position_ - base_ - std::min<uint64_t>(step.amount, position_ - base_)));
    case RunEvent::ReportHuge:
        return report(huge_report(step.amount));
    case RunEvent::UndoStart:
        if (!command(RunCommand::UndoStart))
            return;
        [[fallthrough]];
    case RunEvent::Session:
        return begin_session();
    case RunEvent::Look:
        return look(visible_);
    case RunEvent::Take:
        return take();
    case RunEvent::FreeWheel:
        is_unstoppable_ = !is_unstoppable_;
        is_tainted_ = true;
        return run_.set_unstoppable(is_unstoppable_);
    case RunEvent::Silence:
        return silence();
    case RunEvent::Record:
    case RunEvent::OtherBackend:
    case RunEvent::Events:
        return;
    }
}

inline void PlaybackWalk::prepare()
{
    run_.prepare(run_geometry());
    begin_model();
    committed_ = padded_ = visible_ = 0;
    is_overtaken_ = false;
    content_ = {};
}

inline void PlaybackWalk::commit(uint64_t count)
{
    // ALSA lets an application that fell behind write on from where it is.
    const uint64_t end = committed_ + count;
    if (end < shown_ || end > shown_ + geometry_.buffer)
        return;
    promise(run_.commit(static_cast<int64_t>(end - shown_)), "what fits the buffer is committed");
    if (state_ == RunState::Idle)
        return;
    if (is_free_wheeling() && end <= frames(sent_)) {
        is_tainted_ = true;
        return;
    }
    for (uint64_t frame = committed_; frame < end; frame++)
        content_[frame % geometry_.buffer] = frame + 1;
    committed_ = padded_ = end;
    // Behind what drains, the backend may have been given silence for what is committed now.
    is_tainted_ |= sent_ > bytes(padded_);
    is_elapsed_ |= is_moving() && has_run_out();
}

inline void PlaybackWalk::rewind(uint64_t count)
{
    if (shown_ + count >= committed_ || state_ == RunState::Idle)
        return;
    promise(run_.commit(static_cast<int64_t>(count)), "frames are taken back");
    committed_ = padded_ = shown_ + count;
    is_tainted_ = true;
    is_elapsed_ |= is_moving() && has_run_out();
}

inline void PlaybackWalk::overcommit(uint64_t count)
{
    const bool is_taken =
        run_.commit(static_cast<int64_t>(geometry_.buffer + 1 + uint64_t { count }));
    promise(is_taken == (state_ == RunState::Idle), "more than the buffer holds is refused");
}

inline void PlaybackWalk::drain()
{
    const RunTransition *row = find_transition(state_, RunCommand::Drain);
    promise(run_.drain() == (row != nullptr), "what moves is drained");
    if (row == nullptr)
        return;
    const bool is_first = std::exchange(state_, row->to) != RunState::Draining;
    if (is_first && has_run_out())
        run_out();
    is_elapsed_ |= has_run_out();
}

inline void PlaybackWalk::report(uint64_t bytes)
{
    // More would overflow the model's 64 bits; this is beyond any position as well.
    const uint64_t most = uint64_t { 1 } << 40;
    const uint64_t claimed = align_down(base_ + frames(std::min(bytes, most)));
    const uint64_t given = frames(sent_);
    const uint64_t last = align_down(committed_ + align() - 1);
    const uint64_t limit = is_free_wheeling() ? given : std::min(given, last);
    const uint64_t before = position_;
    position_ = std::max(position_, std::min(claimed, limit));
    const Move made = move_between(before, position_);
    if (is_free_wheeling()) {
        take_frames(position_);
    } else {
        is_elapsed_ |= made == Move::Period && position_ > visible_;
        visible_ = std::max(visible_, position_);
        if (made != Move::None && has_run_out())
            run_out();
    }
    promise(run_.report(Bytes(bytes)) == made, "how far the position moves");
}

inline void PlaybackWalk::send_next(bool has_room)
{
    const bool has_audio = is_moving() || (state_ == RunState::Prepared && !is_free_wheeling());
    const bool is_due = sent_ < bytes(target());
    const bool is_full = is_due && in_flight_ == Run::transfer_window;
    const bool ends_period = is_free_wheeling() && in_flight_ > 0 &&
                             move_between(visible_, frames(sent_)) == Move::Period;
    promise(run_.wants_responses() == (is_full || ends_period),
            "a full window is waited for when there is more, and what ends a period shown");
    TransferRange range = {};
    const bool is_expected = has_audio && is_due && in_flight_ < Run::transfer_window;
    if (!check_range(run_.next_transfer(range), range, is_expected, bytes(target())))
        return;
    check_content(range);
    if (has_room)
        send(range);
}

inline void PlaybackWalk::check_content(const TransferRange &range) const
{
    if (is_tainted_ || align() > 1)
        return;
    for (uint64_t i = 0; i < frames(range.length); i++) {
        const uint64_t frame = frames(sent_) + i;
        promise(content_[frame % geometry_.buffer] == frame + 1,
                "each frame is given as it was committed, in its turn");
    }
}

inline void PlaybackWalk::silence()
{
    SilenceRange range = {};
    uint32_t ranges = 0;
    while (run_.next_silence(Frames(3), range)) {
        promise(state_ == RunState::Draining && committed_ > position_, "silence ends a drain");
        promise(++ranges <= geometry_.period + 1, "silence comes to an end");
        promise(range.count.value() > 0 && (range.offset + range.count).value() <= geometry_.buffer,
                "silence is inside the buffer");
        promise(range.offset.value() == padded_ % geometry_.buffer, "silence follows the audio");
        for (uint64_t i = 0; i < range.count.value(); i++, padded_++) {
            promise(padded_ < position_ + geometry_.buffer, "silence overwrites nothing unplayed");
            content_[padded_ % geometry_.buffer] = padded_ + 1;
        }
    }
    if (state_ != RunState::Draining || committed_ <= position_)
        return;
    const uint64_t periods = (padded_ - base_) / geometry_.period;
    promise(base_ + periods * geometry_.period >= committed_ ||
                padded_ >= position_ + geometry_.buffer,
            "what is drained is in whole periods of the backend");
}

inline void PlaybackWalk::play_to_the_end()
{
    if (state_ == RunState::Paused)
        step({ RunEvent::Resume, 0 });
    if (!is_moving() || is_free_wheeling())
        return;
    const bool is_draining = state_ == RunState::Draining;
    for (uint32_t round = 0; round < 16; round++) {
        step({ RunEvent::Silence, 0 });
        for (uint32_t i = 0; i < 8; i++) {
            step({ RunEvent::Send, 0 });
            step({ RunEvent::Answer, 0 });
        }
        const uint64_t periods = (frames(sent_) - base_) / geometry_.period;
        const bool is_awaited = run_.expects_position();
        const uint64_t before = position_;
        report(bytes(periods * geometry_.period));
        promise(position_ > before || !is_awaited, "a position that is expected comes");
        step({ RunEvent::Look, 0 });
    }
    promise(is_draining ? position_ >= committed_ : position_ + geometry_.period > committed_,
            "all whole periods play, and a drain ends");
}

} // namespace xen_front::test

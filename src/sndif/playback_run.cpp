// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/playback_run.hpp"

#include "base/checked.hpp"

namespace xen_front {

void PlaybackRun::prepare(const RunGeometry &geometry)
{
    begin(geometry);
    committed_ = Frames();
    padded_ = Frames();
    begin_session();
}

void PlaybackRun::begin_session()
{
    // What ALSA was shown it has silenced, or the application has written there for the next lap.
    const bool is_lost = has_delay();
    position_ = max(position_, shown_);
    Run::begin_session(position_);
    visible_ = position_;
    extra_ = Frames();
    if (is_lost && is_moving() && has_run_out())
        run_out();
}

bool PlaybackRun::commit(int64_t queued)
{
    if (state_ == RunState::Idle)
        return true;
    if (queued > static_cast<int64_t>(geometry_.buffer.value()))
        return false;
    // What was overtaken is played, in whatever state it was.
    const Frames end = shown_ + Frames(queued < 0 ? 0 : static_cast<uint64_t>(queued));
    // The backend was given that part of the buffer before: what the application has written there
    // is heard when the backend is given it again.
    if (is_free_wheeling() && end <= requested())
        return true;
    committed_ = end;
    // IOCTL_RESET takes back frames that the backend may have been given: those are played.
    padded_ = committed_;
    extra_ = Frames();
    is_elapsed_ |= has_run_out() && is_moving();
    return true;
}

bool PlaybackRun::drain()
{
    const bool is_first = state_ != RunState::Draining;
    if (!apply(RunCommand::Drain))
        return false;
    if (is_first && has_run_out())
        run_out();
    is_elapsed_ |= has_run_out();
    return true;
}

void PlaybackRun::run_out()
{
    // An xrun, or the end of a drain: ALSA decides.
    is_elapsed_ = true;
    // ALSA ends a drain when it sees the position move to the end, or over it. Here it has seen the
    // end already.
    if (state_ == RunState::Draining && shown_ >= position_)
        position_ = visible_ = shown_ + alignment();
}

Frames PlaybackRun::silence_end() const
{
    if (state_ != RunState::Draining || committed_ <= position_)
        return Frames();
    const uint64_t period = geometry_.period.value();
    const Frames whole = base_ + Frames(round_up((committed_ - base_).value(), period));
    return min(whole + extra_, position_ + geometry_.buffer);
}

bool PlaybackRun::next_silence(Frames count_max, SilenceRange &range)
{
    if (!needs_silence())
        return false;
    const Frames offset(padded_.value() % geometry_.buffer.value());
    const Frames missing = min(silence_end() - padded_, geometry_.buffer - offset);
    range = { offset, min(missing, count_max) };
    padded_ += range.count;
    return true;
}

Move PlaybackRun::report(Bytes reported)
{
    if (is_free_wheeling())
        return report_in_place(reported);
    // The byte that holds the last of the frames plays as a whole.
    const Frames last = align_down(committed_ + alignment() - Frames(1));
    const Move made = advance(min(since_prepare(reported), min(requested(), last)));
    if (made == Move::None)
        want_more_silence();
    else if (has_run_out())
        run_out();
    return made;
}

Move PlaybackRun::report_in_place(Bytes reported)
{
    const Frames played = min(since_prepare(reported), requested());
    const Frames before = exchange(position_, max(position_, played));
    take(position_); // a period elapses when it is taken
    return move_between(before, position_);
}

void PlaybackRun::take(Frames end)
{
    is_elapsed_ |= move_between(visible_, end) == Move::Period;
    visible_ = max(visible_, end);
}

bool PlaybackRun::is_in_place() const
{
    return is_free_wheeling() || has_delay();
}

void PlaybackRun::want_more_silence()
{
    const Frames end = silence_end();
    // A full buffer takes no more.
    if (end > Frames() && in_flight_ == 0 && min(requested(), padded_) >= end &&
        end < position_ + geometry_.buffer)
        extra_ += geometry_.period;
}

Bytes PlaybackRun::target() const
{
    return was_unstoppable_ ? target_in_place() : geometry_.frame.bytes(padded_);
}

Bytes PlaybackRun::target_in_place() const
{
    // What is shown ahead of what is played must not make the backend hold more than a buffer.
    if (!is_free_wheeling())
        return geometry_.frame.bytes(min(padded_, position_ + geometry_.buffer));
    const Frames ahead(min(geometry_.period.value() * periods_ahead, geometry_.buffer.value()));
    return geometry_.frame.bytes(max(position_ + ahead, padded_));
}

bool PlaybackRun::next_transfer(TransferRange &range)
{
    const bool has_audio = is_moving() || (state_ == RunState::Prepared && !is_free_wheeling());
    return has_audio && next_range(target(), range);
}

TransferResult PlaybackRun::on_response(RequestId id, int32_t status)
{
    Bytes end;
    const TransferResult result = take_response(id, status, end);
    if (is_free_wheeling() && result == TransferResult::Done)
        take(align_down(geometry_.frame.frames(end)));
    return result;
}

bool PlaybackRun::is_period_due() const
{
    return in_flight_ > 0 && move_between(visible_, requested()) == Move::Period;
}

bool PlaybackRun::may_stand_still() const
{
    return state_ == RunState::Running && !is_free_wheeling() && in_flight_ == 0 &&
           requested() >= committed_ &&
           committed_ + geometry_.period <= position_ + geometry_.buffer;
}

bool PlaybackRun::expects_position() const
{
    if (!is_moving())
        return false;
    if (is_free_wheeling())
        return true;
    return state_ == RunState::Draining ? committed_ > position_
                                        : committed_ >= position_ + geometry_.period;
}

} // namespace xen_front

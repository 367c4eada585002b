// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/playback_run.hpp"

#include "base/checked.hpp"

namespace xen_front {

void PlaybackRun::prepare(const RunGeometry &geometry)
{
    begin(geometry);
    committed_ = Frames();
    padded_ = Frames();
    extra_ = Frames();
}

void PlaybackRun::begin_session()
{
    Run::begin_session(position_);
    extra_ = Frames();
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
    if (is_free_wheeling() && is_moving() && end <= requested())
        return true;
    committed_ = end;
    // IOCTL_RESET takes back frames that the backend may have been given: those are played.
    padded_ = committed_;
    extra_ = Frames();
    is_elapsed_ |= is_moving() && has_run_out();
    return true;
}

bool PlaybackRun::drain()
{
    const bool is_first = state_ != RunState::Draining;
    if (!apply(RunCommand::Drain))
        return false;
    // ALSA ends a drain when it sees the position move to the end, or over it. Here it has seen the
    // end already.
    if (is_first && has_run_out() && shown_ == position_)
        position_ += alignment();
    is_elapsed_ |= has_run_out();
    return true;
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
    // The byte that holds the last of the frames plays as a whole.
    const Frames last = align_down(committed_ + alignment() - Frames(1));
    const Frames limit = is_free_wheeling() ? requested() : min(requested(), last);
    const Move made = advance(min(since_prepare(reported), limit));
    if (made == Move::None)
        want_more_silence();
    // An xrun, or the end of a drain: ALSA decides.
    is_elapsed_ |= made != Move::None && has_run_out();
    return made;
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
    if (!is_free_wheeling())
        return geometry_.frame.bytes(padded_);
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
    return take_response(id, status, end);
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

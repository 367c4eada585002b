// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/capture_run.hpp"

namespace xen_front {

void CaptureRun::prepare(const RunGeometry &geometry)
{
    begin(geometry);
    read_ = Frames();
    begin_session();
}

void CaptureRun::meet_backend()
{
    answers_early_ = false;
    held_ = 0;
}

void CaptureRun::begin_session()
{
    Run::begin_session(position_);
    reported_ = base_;
    lost_ = Frames();
    captured_ = base_;
    fetched_ = base_;
    is_recording_ = false;
    is_ahead_ = false;
}

bool CaptureRun::commit(int64_t readable)
{
    if (state_ == RunState::Idle)
        return true;
    const Frames most = min(geometry_.buffer, shown_);
    const Frames frames(readable < 0 ? 0 : static_cast<uint64_t>(readable));
    if (readable < 0 || (frames > most && !is_unstoppable_))
        return false;
    read_ = max(read_, shown_ - min(frames, most));
    take_room();
    return true;
}

Move CaptureRun::report(Bytes reported)
{
    const Frames before = captured_;
    const Frames recorded = since_prepare(reported);
    reported_ = max(reported_, recorded - min(lost_, recorded));
    const Frames most = max(captured_, align_down(limit()) + geometry_.buffer);
    if (reported_ > most) {
        const uint64_t excess = (reported_ - most).value();
        const Frames lost(excess - excess % geometry_.period.value());
        lost_ += lost;
        reported_ = reported_ - lost;
    }
    go_on();
    return move_between(before, captured_);
}

void CaptureRun::set_recording(bool is_recording)
{
    is_recording_ = is_recording;
    is_verdict_void_ |= !is_recording;
}

bool CaptureRun::next_transfer(TransferRange &range)
{
    if (!is_moving())
        return false;
    return next_range(geometry_.frame.bytes(captured_), range) || next_range_ahead(range);
}

bool CaptureRun::next_range_ahead(TransferRange &range)
{
    if (!is_recording_ || answers_early_ || in_flight_ > 0 || requested() < reported_)
        return false;
    const uint64_t period = geometry_.period.value();
    const Frames start = requested();
    const Frames end = base_ + Frames(((start - base_).value() / period + 1) * period);
    const uint64_t offset = start.value() % geometry_.buffer.value();
    if (end > limit() || offset + (end - start).value() > geometry_.buffer.value())
        return false;
    return next_range(geometry_.frame.bytes(end), range);
}

void CaptureRun::on_transfer_sent(RequestId id)
{
    add_transfer(id);
    // Ahead goes only what has nothing before it.
    if (in_flight_ > 1)
        return;
    is_ahead_ = requested() > captured_;
    ahead_ = id;
    is_verdict_void_ = false;
}

TransferResult CaptureRun::on_response(RequestId id, int32_t status)
{
    const bool is_alone = in_flight_ == 1;
    Bytes end;
    const TransferResult result = take_response(id, status, end);
    if (result == TransferResult::Foreign)
        return result;
    if (is_ahead_ && id == ahead_) {
        is_ahead_ = false;
        const bool is_reported = requested() <= reported_;
        const bool says_something = !is_verdict_void_ && is_moving();
        // It was not there yet, or the device has stopped: it will be asked for again. A backend
        // that is known to hold READs refuses one for another reason.
        const bool is_for_later = result == TransferResult::Refused && is_alone &&
                                  (!says_something || (!is_reported && held_ == 0));
        if (says_something && (result == TransferResult::Done || is_for_later))
            judge_backend(is_reported);
        if (is_for_later) {
            requested_ = geometry_.frame.bytes(fetched_);
            return TransferResult::Done;
        }
    }
    if (result != TransferResult::Done)
        return result;
    fetched_ = max(fetched_, geometry_.frame.frames(end));
    go_on();
    return result;
}

void CaptureRun::judge_backend(bool was_held)
{
    if (was_held) {
        held_ = min(held_ + 1, held_enough);
        return;
    }
    // The report of one that has held some may have come just behind its response: once.
    answers_early_ = held_ < held_enough;
    held_ = answers_early_ ? 0 : held_enough - 1;
}

void CaptureRun::take_room()
{
    captured_ = max(captured_, align_down(min(reported_, limit())));
}

void CaptureRun::go_on()
{
    take_room();
    const Move made = advance(min(fetched_, captured_));
    // The buffer is full, which may be far from the end of a period: ALSA decides.
    is_elapsed_ |= made != Move::None && !is_free_wheeling() && position_ == align_down(limit());
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/capture_run.hpp"

namespace xen_front {

void CaptureRun::prepare(const RunGeometry &geometry)
{
    begin(geometry);
    read_ = Frames();
    captured_ = Frames();
}

void CaptureRun::begin_session()
{
    Run::begin_session(position_);
    captured_ = base_;
}

bool CaptureRun::commit(int64_t readable)
{
    if (state_ == RunState::Idle)
        return true;
    const Frames most = min(geometry_.buffer, shown_);
    const Frames frames(readable < 0 ? 0 : static_cast<uint64_t>(readable));
    if (readable < 0 || (frames > most && !is_unstoppable_))
        return false;
    read_ = shown_ - min(frames, most);
    return true;
}

bool CaptureRun::report(Bytes reported)
{
    const Frames captured = align_down(min(since_prepare(reported), limit()));
    if (captured <= captured_)
        return false;
    captured_ = captured;
    return true;
}

bool CaptureRun::next_transfer(TransferRange &range)
{
    return is_moving() && next_range(geometry_.frame.bytes(captured_), range);
}

TransferResult CaptureRun::on_response(RequestId id, int32_t status)
{
    Bytes end;
    const TransferResult result = take_response(id, status, end);
    if (result != TransferResult::Done)
        return result;
    const Frames before = position_;
    advance(geometry_.frame.frames(end));
    // The buffer is full, which may be far from the end of a period: ALSA decides.
    is_elapsed_ |= !is_free_wheeling() && position_ > before && position_ == align_down(limit());
    return result;
}

} // namespace xen_front

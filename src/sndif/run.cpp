// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/run.hpp"

namespace xen_front {

bool Run::apply(RunCommand command)
{
    const RunTransition *transition = find_transition(state_, command);
    if (transition == nullptr)
        return false;
    state_ = transition->to;
    return true;
}

void Run::begin(const RunGeometry &geometry)
{
    (void)apply(RunCommand::Prepare);
    geometry_ = geometry;
    position_ = Frames();
    visible_ = Frames();
    shown_ = Frames();
    is_elapsed_ = false;
    was_unstoppable_ = is_unstoppable_;
    begin_session(Frames());
}

void Run::begin_session(Frames at)
{
    base_ = at;
    requested_ = geometry_.frame.bytes(base_);
    target_ = requested_;
    in_flight_ = 0;
}

Move Run::move_between(Frames before, Frames after) const
{
    if (after <= before)
        return Move::None;
    const uint64_t period = geometry_.period.value();
    return before.value() / period == after.value() / period ? Move::InPeriod : Move::Period;
}

bool Run::next_range(Bytes target, TransferRange &range)
{
    target_ = target;
    if (in_flight_ == transfer_window || requested_ >= target)
        return false;
    const uint64_t buffer = geometry_.frame.bytes(geometry_.buffer).value();
    const uint64_t offset = requested_.value() % buffer;
    const uint64_t length = min(target.value() - requested_.value(), buffer - offset);
    range = { static_cast<uint32_t>(offset), static_cast<uint32_t>(length) };
    offered_ = requested_ + Bytes(length);
    return true;
}

TransferResult Run::take_response(RequestId id, int32_t status, Bytes &end)
{
    uint32_t index = 0;
    while (index < in_flight_ && !(transfers_[index].id == id))
        index++;
    if (index == in_flight_)
        return TransferResult::Foreign;
    transfers_[index].is_answered = true;

    uint32_t answered = 0;
    while (answered < in_flight_ && transfers_[answered].is_answered)
        end = transfers_[answered++].end;
    in_flight_ -= answered;
    for (uint32_t i = 0; i < in_flight_; i++)
        transfers_[i] = transfers_[i + answered];
    return status == 0 ? TransferResult::Done : TransferResult::Refused;
}

} // namespace xen_front

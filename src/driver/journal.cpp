// SPDX-License-Identifier: GPL-2.0-only
#include "driver/journal.hpp"

namespace xen_front {

void Journal::record(const wire::Request &request, RequestId id) const
{
    kshim_trace_request summary = {};
    summary.id = id.value();
    summary.operation = static_cast<uint8_t>(request.operation);
    summary.trigger = KSHIM_TRACE_NO_TRIGGER;
    switch (request.operation) {
    case wire::Operation::Open:
        summary.length = request.open.buffer_sz;
        break;
    case wire::Operation::Trigger:
        summary.trigger = static_cast<uint8_t>(request.trigger.type);
        break;
    case wire::Operation::Close:
    case wire::Operation::HwParamQuery:
        break;
    case wire::Operation::Read:
    case wire::Operation::Write:
    case wire::Operation::SetVolume:
    case wire::Operation::GetVolume:
    case wire::Operation::Mute:
    case wire::Operation::Unmute:
        summary.offset = request.transfer.offset;
        summary.length = request.transfer.length;
        break;
    }
    record_request(stream_, summary);
}

void Journal::on_request(const wire::Request &request, RequestId id)
{
    const bool is_timed = RoundTripTimes::is_timed(request.operation, request.trigger.type);
    counts.on_request(request.operation);
    round_trips_.on_request(id, is_timed ? now_us() : 0);
    if (is_traced(KSHIM_TRACE_REQUEST))
        record(request, id);
}

void Journal::on_answer(const Answer &answer)
{
    const bool is_timed = RoundTripTimes::is_timed(answer.operation, answer.trigger);
    counts.on_answer(answer);
    round_trips_.on_answer(answer, is_timed ? now_us() : 0);
    if (is_traced(KSHIM_TRACE_RESPONSE))
        record_response(stream_, answer.id.value(), static_cast<uint8_t>(answer.operation),
                        answer.status);
}

void Journal::on_event(Bytes position, FrameSize frame)
{
    counts.events++;
    if (is_traced(KSHIM_TRACE_EVENT))
        record_event(stream_, position.value(), frame.frames(position).value());
}

void Journal::on_notification(bool is_sent)
{
    counts.on_notification(is_sent);
    if (is_traced(KSHIM_TRACE_NOTIFY))
        record_notification(stream_, is_sent);
}

void Journal::record(const PositionTracker &position, Frames committed, bool is_elapsed) const
{
    record_position(stream_, { position.hardware().value(), position.shown().value(),
                               committed.value(), is_elapsed });
}

} // namespace xen_front

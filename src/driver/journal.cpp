// SPDX-License-Identifier: GPL-2.0-only
#include "driver/journal.hpp"

namespace xen_front {

void Journal::trace_request(const wire::Request &request) const
{
    kshim_trace_request summary = {};
    summary.id = request.id;
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

void Journal::trace_response(const Response &response) const
{
    record_response(stream_, response.id.value(), static_cast<uint8_t>(response.operation),
                    response.status);
}

void Journal::trace_event(Bytes position, const StreamRun &run) const
{
    const Frames frames = run.base().geometry().frame.frames(position);
    record_event(stream_, position.value(), frames.value());
}

void Journal::trace_notification(bool is_sent) const
{
    record_notification(stream_, is_sent);
}

void Journal::trace_position(const StreamRun &run) const
{
    const Frames committed = run.visit([](const auto &it) { return it.committed(); });
    record_position(
        stream_, { run.base().position().value(), run.base().shown().value(), committed.value() });
}

void Journal::trace_state() const
{
    record_stream_state(stream_, name_of(run_), name_of(link_));
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
#include "server/journal.hpp"

#include "server/log.hpp"

namespace sndback {

namespace {

constexpr std::array<std::string_view, 4> trigger_names { "START", "PAUSE", "STOP", "RESUME" };

static_assert(XENSND_OP_TRIGGER_START == 0 && XENSND_OP_TRIGGER_PAUSE == 1 &&
              XENSND_OP_TRIGGER_STOP == 2 && XENSND_OP_TRIGGER_RESUME == 3);

std::string_view put_name(EventPage::Put result)
{
    switch (result) {
    case EventPage::Put::sent:
        return "sent";
    case EventPage::Put::overwritten:
        return "overwritten";
    case EventPage::Put::full:
        return "full";
    case EventPage::Put::bad_index:
        return "bad-index";
    }
    return "";
}

// A guest decides how often these happen: the log gets the first ones and then ever fewer.
bool worth_a_line(std::uint64_t count)
{
    return count <= 10 || (count & (count - 1)) == 0;
}

std::string hw_param_json(const xensnd_query_hw_param &params)
{
    return fmt::format(
        R"("formats":{},"rates":[{},{}],"channels":[{},{}],"buffer":[{},{}],"period":[{},{}])",
        params.formats, params.rates.min, params.rates.max, params.channels.min,
        params.channels.max, params.buffer.min, params.buffer.max, params.period.min,
        params.period.max);
}

std::string arguments_json(const xensnd_req &request)
{
    switch (request.operation) {
    case XENSND_OP_OPEN: {
        const xensnd_open_req &open = request.op.open;
        return fmt::format(
            R"(,"rate":{},"format":{},"channels":{},"buffer":{},"directory":{},"period":{})",
            open.pcm_rate, open.pcm_format, open.pcm_channels, open.buffer_sz, open.gref_directory,
            open.period_sz);
    }
    case XENSND_OP_TRIGGER: {
        const unsigned type = request.op.trigger.type;
        if (type < trigger_names.size())
            return fmt::format(R"(,"trigger":"{}")", trigger_names[type]);
        return fmt::format(R"(,"trigger":{})", type);
    }
    case XENSND_OP_HW_PARAM_QUERY:
        return "," + hw_param_json(request.op.hw_param);
    case XENSND_OP_CLOSE:
        return "";
    default:
        return fmt::format(R"(,"offset":{},"length":{})", request.op.rw.offset,
                           request.op.rw.length);
    }
}

} // namespace

Journal::Journal(TraceFile &trace, std::shared_ptr<StreamStatistics> statistics)
    : trace_(trace),
      statistics_(std::move(statistics)),
      label_(statistics_->name.label()),
      json_(statistics_->name.json())
{
}

template <typename... Arguments>
void Journal::trace(std::string_view type, fmt::format_string<Arguments...> format,
                    Arguments &&...arguments)
{
    if (trace_.enabled())
        trace_.write(type, json_ + fmt::format(format, std::forward<Arguments>(arguments)...));
}

void Journal::wakeup()
{
    ++statistics_->wakeups;
    trace("wakeup", "");
}

void Journal::request(const xensnd_req &request)
{
    if (request.operation < StreamStatistics::operations)
        ++statistics_->requests[request.operation];
    else
        ++statistics_->unknown_requests;
    trace("request", R"(,"op":"{}","code":{},"id":{}{})", operation_name(request.operation),
          request.operation, request.id, arguments_json(request));
}

void Journal::response(const xensnd_resp &response, std::optional<std::uint64_t> offset,
                       bool notified)
{
    ++(notified ? statistics_->responses_notified : statistics_->responses_held_off);
    std::string extra = offset ? fmt::format(R"(,"pos":{})", *offset) : "";
    if (response.operation == XENSND_OP_HW_PARAM_QUERY && response.status == 0)
        extra += "," + hw_param_json(response.resp.hw_param);
    trace("response", R"(,"op":"{}","id":{},"status":{},"notify":{}{})",
          operation_name(response.operation), response.id, response.status, notified, extra);
}

void Journal::event(std::uint64_t position, std::uint16_t id, EventPage::Put result)
{
    const bool sent = result == EventPage::Put::sent || result == EventPage::Put::overwritten;
    if (sent) {
        ++statistics_->events;
        statistics_->position = position;
    } else if (result == EventPage::Put::full && statistics_->events_dropped++ == 0) {
        log(LogLevel::warning,
            "{}: event page full, the guest confirms no events; the position goes with a later one",
            label_);
    }
    trace("event", R"(,"pos":{},"id":{},"result":"{}","notify":{})", position, id, put_name(result),
          sent);
}

void Journal::violation(std::string_view text)
{
    const std::uint64_t count = ++statistics_->violations;
    if (worth_a_line(count))
        log(LogLevel::warning, "{}: protocol violation {}: {}", label_, count, text);
    trace("violation", R"(,"text":"{}")", json_escape(text));
}

void Journal::refusal(const xensnd_req &request, std::string_view text)
{
    if (worth_a_line(++statistics_->refused))
        log(LogLevel::warning, "{}: {} refused: {}", label_, operation_name(request.operation),
            text);
    trace("refusal", R"(,"op":"{}","id":{},"text":"{}")", operation_name(request.operation),
          request.id, json_escape(text));
}

void Journal::real_time_exceeded()
{
    if (worth_a_line(++statistics_->real_time_exceeded))
        log(LogLevel::info,
            "{}: the guest's streams take more processor than their share of real time, and are "
            "served like other programs until they take less",
            label_);
    trace("real-time-exceeded", "");
}

void Journal::on_underrun(std::uint64_t position)
{
    const std::uint64_t count = ++statistics_->underruns;
    if (worth_a_line(count))
        log(LogLevel::warning, "{}: underrun {} at octet {}: the guest writes late", label_, count,
            position);
    trace("underrun", R"(,"pos":{})", position);
}

void Journal::on_overrun(std::uint64_t position, std::uint64_t lost)
{
    const std::uint64_t count = ++statistics_->overruns;
    if (worth_a_line(count))
        log(LogLevel::warning, "{}: overrun {} at octet {}: {} octets lost, the guest reads late",
            label_, count, position, lost);
    trace("overrun", R"(,"pos":{},"lost":{})", position, lost);
}

void Journal::on_card_stopped(std::uint64_t position)
{
    const bool plays = name().playback;
    const std::uint64_t count = ++(plays ? statistics_->underruns : statistics_->overruns);
    if (worth_a_line(count))
        log(LogLevel::warning,
            "{}: {} {} at octet {}: this domain serves the card late; longer periods of the guest, "
            "or more processor for this domain, would help",
            label_, plays ? "underrun" : "overrun", count, position);
    trace(plays ? "underrun" : "overrun", R"(,"pos":{},"by":"card")", position);
}

void Journal::on_note(std::string_view text)
{
    log(LogLevel::info, "{}: {}", label_, text);
    trace("note", R"(,"text":"{}")", json_escape(text));
}

void Journal::on_device_error(std::string_view text)
{
    ++statistics_->device_errors;
    log(LogLevel::error, "{}: {}", label_, text);
    trace("device-error", R"(,"text":"{}")", json_escape(text));
}

} // namespace sndback

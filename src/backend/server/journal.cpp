// SPDX-License-Identifier: GPL-2.0-only
#include "server/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "server/log.hpp"

namespace sndback {

namespace {

constexpr std::array<std::string_view, StreamStatistics::operations> operation_names {
    "OPEN",       "CLOSE", "READ",   "WRITE",   "SET_VOLUME",
    "GET_VOLUME", "MUTE",  "UNMUTE", "TRIGGER", "HW_PARAM_QUERY"
};

static_assert(XENSND_OP_OPEN == 0 && XENSND_OP_WRITE == 3 && XENSND_OP_UNMUTE == 7 &&
              XENSND_OP_TRIGGER == 8);

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

std::string_view operation_name(unsigned operation)
{
    return operation < operation_names.size() ? operation_names[operation] : "UNKNOWN";
}

std::string json_escape(std::string_view text)
{
    std::string escaped;
    for (const char character : text) {
        if (character == '"' || character == '\\')
            escaped += '\\';
        const auto code = static_cast<unsigned char>(character);
        if (code < 0x20 || code >= 0x7f)
            escaped += fmt::format("\\u{:04x}", unsigned { code });
        else
            escaped += character;
    }
    return escaped;
}

TraceFile::TraceFile(const std::string &path)
    : file_(path.empty() ? -1 : open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600))
{
    if (!path.empty() && !enabled())
        throw std::runtime_error(
            fmt::format("cannot open the trace file {}: {}; choose a writable path for --trace",
                        path, std::generic_category().message(errno)));
}

TraceFile::~TraceFile()
{
    flush();
}

void TraceFile::write(std::string_view type, std::string_view rest)
{
    if (!enabled())
        return;
    constexpr std::size_t most_kept = 64 * 1024;
    const std::string line = fmt::format(R"({{"t":{},"type":"{}",{}}})"
                                         "\n",
                                         monotonic_now().count(), type, rest);
    const std::lock_guard lock(mutex_);
    lines_ += line;
    if (lines_.size() > most_kept)
        write_out();
}

void TraceFile::flush()
{
    const std::lock_guard lock(mutex_);
    write_out();
}

void TraceFile::write_out()
{
    if (enabled() && !lines_.empty())
        (void)!::write(file_.get(), lines_.data(), lines_.size());
    lines_.clear();
}

std::string StreamName::label() const
{
    return fmt::format("dom{}/{}/{}/{} ({})", domain, card, device, index, json_escape(unique_id));
}

std::string StreamName::json() const
{
    return fmt::format(R"("dom":{},"card":{},"stream":"{}/{}","dir":"{}","uid":"{}")", domain, card,
                       device, index, playback ? "p" : "c", json_escape(unique_id));
}

std::string StreamStatistics::json() const
{
    std::string by_operation;
    for (std::size_t operation = 0; operation < operations; ++operation)
        by_operation += fmt::format(R"({}"{}":{})", operation == 0 ? "" : ",",
                                    operation_names[operation], requests[operation].load());
    return fmt::format(
        R"({{{},"requests":{{{}}},"unknown_requests":{},"refused":{},"wakeups":{},)"
        R"("responses_notified":{},"responses_held_off":{},"events":{},"events_dropped":{},)"
        R"("underruns":{},"overruns":{},"violations":{},"device_errors":{},"bytes":{},"position":{}}})",
        name.json(), by_operation, unknown_requests.load(), refused.load(), wakeups.load(),
        responses_notified.load(), responses_held_off.load(), events.load(), events_dropped.load(),
        underruns.load(), overruns.load(), violations.load(), device_errors.load(), bytes.load(),
        position.load());
}

std::shared_ptr<StreamStatistics> StatisticsTable::add(StreamName name)
{
    auto statistics = std::make_shared<StreamStatistics>(std::move(name));
    const std::lock_guard lock(mutex_);
    streams_.push_back(statistics);
    if (streams_.size() > kept)
        streams_.pop_front();
    return statistics;
}

std::vector<std::string> StatisticsTable::rows() const
{
    std::vector<std::string> rows;
    const std::lock_guard lock(mutex_);
    for (const auto &stream : streams_)
        rows.push_back(stream->json());
    return rows;
}

void save_statistics(const std::string &path, const std::vector<std::string> &rows)
{
    std::string text = "[";
    for (const std::string &row : rows)
        text += fmt::format("{}\n  {}", &row == &rows.front() ? "" : ",", row);
    text += "\n]\n";
    const std::string temporary = path + ".new";
    std::FILE *file = std::fopen(temporary.c_str(), "we");
    bool good = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    good = file != nullptr && std::fclose(file) == 0 && good;
    if (!good || std::rename(temporary.c_str(), path.c_str()) != 0)
        throw std::runtime_error(
            fmt::format("cannot write the statistics to {}: {}; choose a writable path for --stats",
                        path, std::generic_category().message(errno)));
}

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

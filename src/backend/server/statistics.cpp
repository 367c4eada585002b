// SPDX-License-Identifier: GPL-2.0-only
#include "server/statistics.hpp"

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

#include "server/trace_file.hpp"

namespace sndback {

namespace {

constexpr std::array<std::string_view, StreamStatistics::operations> operation_names {
    "OPEN",       "CLOSE", "READ",   "WRITE",   "SET_VOLUME",
    "GET_VOLUME", "MUTE",  "UNMUTE", "TRIGGER", "HW_PARAM_QUERY"
};

static_assert(XENSND_OP_OPEN == 0 && XENSND_OP_WRITE == 3 && XENSND_OP_UNMUTE == 7 &&
              XENSND_OP_TRIGGER == 8);

} // namespace

std::string_view operation_name(unsigned operation)
{
    return operation < operation_names.size() ? operation_names[operation] : "UNKNOWN";
}

std::string StreamName::label() const
{
    // The text of a line comes behind it, and lines have a length.
    constexpr std::size_t longest_id = 64;
    return fmt::format("dom{}/{}/{}/{} ({})", domain, card, device, index,
                       json_escape(unique_id.substr(0, longest_id)));
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
        R"("underruns":{},"overruns":{},"violations":{},"device_errors":{},)"
        R"("real_time_exceeded":{},"bytes":{},"position":{}}})",
        name.json(), by_operation, unknown_requests.load(), refused.load(), wakeups.load(),
        responses_notified.load(), responses_held_off.load(), events.load(), events_dropped.load(),
        underruns.load(), overruns.load(), violations.load(), device_errors.load(),
        real_time_exceeded.load(), bytes.load(), position.load());
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

} // namespace sndback

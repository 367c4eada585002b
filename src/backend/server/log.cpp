// SPDX-License-Identifier: GPL-2.0-only
#include "server/log.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace sndback {

namespace {

constexpr std::size_t longest_line = 600;

struct LevelName {
    std::string_view name;
    LogLevel level;
    int priority; // of syslog, as sd-daemon(3) prefixes it to a line
};

constexpr std::array<LevelName, 6> level_names { { { "debug", LogLevel::debug, 7 },
                                                   { "info", LogLevel::info, 6 },
                                                   { "warn", LogLevel::warning, 4 },
                                                   { "error", LogLevel::error, 3 },
                                                   { "critical", LogLevel::critical, 2 },
                                                   { "off", LogLevel::off, 0 } } };

LogLevel least_level = LogLevel::info;
LogSink current_sink;

// One call for the whole line: other processes write to the same file. Guests do not wait for a
// logger that does not read its pipe.
void write_line(std::string line)
{
    static std::atomic<unsigned> dropped = 0;
    pollfd descriptor { STDERR_FILENO, POLLOUT, 0 };
    if (poll(&descriptor, 1, 0) == 0) {
        ++dropped;
        return;
    }
    if (const unsigned count = dropped.exchange(0); count != 0)
        line += fmt::format(" ({} lines before this one were dropped: nothing took them)", count);
    line += '\n';
    (void)!write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

LogLevel parse_log_level(std::string_view name)
{
    for (const LevelName &row : level_names)
        if (row.name == name && row.level != LogLevel::critical)
            return row.level;
    throw std::invalid_argument(
        fmt::format("'{}': must be debug, info, warn, error or off", printable(name)));
}

std::string printable(std::string_view text)
{
    std::string result;
    for (const char character : text) {
        if (result.size() >= longest_line) {
            result += "...";
            break;
        }
        const auto code = static_cast<unsigned char>(character);
        if (code >= 0x20 && code < 0x7f)
            result += character;
        else
            result += fmt::format("\\x{:02x}", unsigned { code });
    }
    return result;
}

LogSink stderr_log()
{
    if (std::getenv("JOURNAL_STREAM") != nullptr)
        return [](LogLevel level, std::string_view text) {
            write_line(
                fmt::format("<{}>{}", level_names[static_cast<std::size_t>(level)].priority, text));
        };
    return [](LogLevel level, std::string_view text) {
        timespec now {};
        clock_gettime(CLOCK_REALTIME, &now);
        std::tm broken {};
        localtime_r(&now.tv_sec, &broken);
        std::array<char, 32> stamp {};
        std::strftime(stamp.data(), stamp.size(), "%Y-%m-%d %H:%M:%S", &broken);
        write_line(fmt::format("{}.{:06} {} {}", stamp.data(), now.tv_nsec / 1000,
                               level_names[static_cast<std::size_t>(level)].name, text));
    };
}

void set_log(LogLevel least, LogSink sink)
{
    least_level = least;
    current_sink = std::move(sink);
}

bool is_logged(LogLevel level)
{
    return level >= least_level && current_sink;
}

void log_line(LogLevel level, std::string_view text)
{
    if (is_logged(level))
        current_sink(level, printable(text));
}

} // namespace sndback

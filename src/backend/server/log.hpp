// SPDX-License-Identifier: GPL-2.0-only
//
// The log. What a guest can put into a line is made harmless here, in one place.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace sndback {

enum class LogLevel : unsigned char {
    debug,
    info,
    warning,
    error,
    critical,
    off
};

// The level of a name as in --log-level. Throws std::invalid_argument saying what is allowed.
[[nodiscard]] LogLevel parse_log_level(std::string_view name);

// Text in which nothing can move a cursor or begin a line: all but printable ASCII as \xNN, and no
// longer than a line of a log should be.
[[nodiscard]] std::string printable(std::string_view text);

// Takes lines; called from any thread.
using LogSink = std::function<void(LogLevel, std::string_view)>;

// A sink that writes to stderr: with the time, or, for a service, as the journal likes it.
[[nodiscard]] LogSink stderr_log();

// Before any other thread exists. Lines below `least` are dropped.
void set_log(LogLevel least, LogSink sink);
[[nodiscard]] bool is_logged(LogLevel level);
void log_line(LogLevel level, std::string_view text);

template <typename... Arguments>
void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments &&...arguments)
{
    if (is_logged(level))
        log_line(level, fmt::format(format, std::forward<Arguments>(arguments)...));
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_log.hpp"

#include <algorithm>
#include <utility>

#include "server/log.hpp"

namespace sndback {

void GuestLog::take(std::uint32_t level, std::string_view text, Time now)
{
    if (!lines_.take(now)) {
        ++dropped_;
        return;
    }
    if (dropped_ != 0 && drops_told_.take(now))
        log(LogLevel::warning, "dom{}: {} lines above the guest's quota of log-lines were dropped",
            domain_, std::exchange(dropped_, 0));
    // The line of one guest must not look like that of another, or of the supervisor.
    const std::string own = fmt::format("dom{}", domain_);
    const bool is_named = text.starts_with(own) && text.size() > own.size() &&
                          (text[own.size()] == '/' || text[own.size()] == ':');
    log_line(static_cast<LogLevel>(std::min(level, static_cast<std::uint32_t>(LogLevel::critical))),
             is_named ? std::string(text) : fmt::format("{}: {}", own, text));
}

} // namespace sndback

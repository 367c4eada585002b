// SPDX-License-Identifier: GPL-2.0-only
#include "server/trace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

#include "audio/frame_clock.hpp"

namespace sndback {

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

} // namespace sndback

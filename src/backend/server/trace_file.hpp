// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "audio/file.hpp"

namespace sndback {

// Text as the inside of a JSON string.
[[nodiscard]] std::string json_escape(std::string_view text);

// A file of JSON lines. Thread-safe.
class TraceFile {
  public:
    // Appends to the file: several processes do, whole lines at a time. An empty path makes a trace
    // that takes nothing. Throws std::runtime_error if the file cannot be opened.
    explicit TraceFile(const std::string &path);
    ~TraceFile();
    TraceFile(const TraceFile &) = delete;
    TraceFile &operator=(const TraceFile &) = delete;

    [[nodiscard]] bool enabled() const
    {
        return file_.get() >= 0;
    }
    // Appends {"t":NOW,"type":TYPE,REST}; `rest` are further members, without braces.
    void write(std::string_view type, std::string_view rest);
    void flush();

  private:
    void write_out();

    std::mutex mutex_;
    File file_;
    std::string lines_; // not written yet
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// The main loop: XenStore watches and signals.
#pragma once

#include <map>

#include "server/frontend.h"

namespace sndback {

struct DaemonSettings {
    std::vector<DeviceRule> rules;
    DeviceSpec fallback;
    Session::Settings session;
    std::chrono::microseconds respond_delay {};
    std::vector<const Attack *> attacks; // none: honest
    std::optional<std::string> versions;
    std::string trace_path; // empty: no trace
    std::string statistics_path; // empty: no statistics
};

class Daemon {
  public:
    // Connects to XenStore and blocks the signals that run() handles. Throws std::runtime_error.
    explicit Daemon(DaemonSettings settings);

    // Serves until SIGTERM or SIGINT, then closes all connections in order. Throws
    // std::runtime_error.
    void run();

  private:
    using CardKey = std::pair<unsigned, unsigned>; // domain, card

    void wait(std::optional<Time> until);
    void handle_signals();
    void handle_watches();
    void handle_path(const std::string &path);
    void scan();
    void refresh(CardKey key);
    void update(Frontend &frontend);
    void update_all();
    void stop();
    void save_statistics();
    [[nodiscard]] std::optional<Time> next_retry() const;

    DaemonSettings settings_;
    File signals_;
    File broken_event_; // a stream needs its card to be updated
    TraceFile trace_;
    StatisticsTable statistics_;
    DeviceFactory devices_;
    XenStore store_;
    CardEnvironment environment_;
    std::string root_; // .../backend/vsnd
    std::map<CardKey, Frontend> frontends_;
    bool stopping_ = false;
    bool abandon_ = false; // a second signal: do not wait for frontends
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// The process that is started: it watches XenStore, and has a worker for each guest. It opens no
// sound device, maps no page, and reads nothing of a guest but the bytes that it passes on.
#pragma once

#include "server/guest_table.hpp"
#include "server/service.hpp"

namespace sndback {

class Supervisor {
  public:
    // Locks, reads the configuration, connects to XenStore and blocks the signals that run()
    // handles. `arguments`: of the program. Throws std::runtime_error.
    Supervisor(const Settings &settings, std::vector<std::string> arguments);

    // Serves until SIGTERM or SIGINT, then ends all workers. Throws std::runtime_error, also when
    // XenStore is lost.
    void run();

  private:
    void wait(Time until);
    void handle_signals();
    void reap();
    void reload();
    void serve_guests();
    void check_store();
    void stop();
    void begin_report();
    void end_report();

    const Settings &settings_;
    File lock_;
    File signals_;
    XenStore store_;
    SupervisorContext context_;
    GuestTable guests_;
    std::optional<Time> report_until_; // statistics have been asked for
    Time store_checked_ {};
    bool stopping_ = false;
    bool abandon_ = false; // a second signal: do not wait for workers
};

} // namespace sndback

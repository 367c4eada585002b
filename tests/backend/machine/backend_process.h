// SPDX-License-Identifier: GPL-2.0-only
//
// The real xen-sndback, over the faked Xen libraries.
#pragma once

#include <sys/types.h>

#include "machine/machine.h"

namespace sndback::fake {

// What a process, and all that it has started, takes.
struct Usage {
    unsigned processes = 0;
    std::uint64_t resident_kib = 0;
    std::size_t descriptors = 0; // the most of one process
    double processor_s = 0; // so far
};

class BackendProcess {
  public:
    // Starts it, with its log in `directory`/log; --lock is added. `inherit`: what its starter does
    // to the process before that.
    BackendProcess(Machine &machine, std::filesystem::path directory,
                   std::vector<std::string> arguments, const std::function<void()> &inherit = {});
    // SIGKILL, if it runs.
    ~BackendProcess();
    BackendProcess(const BackendProcess &) = delete;
    BackendProcess &operator=(const BackendProcess &) = delete;

    [[nodiscard]] pid_t process() const
    {
        return process_;
    }
    [[nodiscard]] std::vector<pid_t> workers() const;
    void send(int signal) const;
    // How it has exited, as of waitpid(); nothing: not within that time.
    [[nodiscard]] std::optional<int> wait_exit(std::chrono::milliseconds patience);
    // SIGTERM, and how long it took, not counting by how much the machine wakes the waiting test up
    // too late; nothing: it did not obey within 20 s.
    [[nodiscard]] std::optional<std::chrono::milliseconds> terminate();
    [[nodiscard]] bool is_running();
    [[nodiscard]] std::string log() const;
    [[nodiscard]] bool
    wait_log(const std::string &text,
             std::chrono::milliseconds patience = std::chrono::seconds(60)) const;
    [[nodiscard]] Usage usage() const;
    // Of one process.
    [[nodiscard]] static std::uint64_t resident_kib(pid_t process);

  private:
    std::filesystem::path log_path_;
    pid_t process_;
    std::optional<int> status_;
};

} // namespace sndback::fake

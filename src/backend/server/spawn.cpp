// SPDX-License-Identifier: GPL-2.0-only
#include "server/spawn.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sndback {

int spawn_worker(const std::vector<std::string> &arguments, int socket)
{
    std::vector<char *> pointers;
    for (const std::string &argument : arguments)
        pointers.push_back(const_cast<char *>(argument.c_str()));
    pointers.push_back(nullptr);

    const int supervisor = getpid();
    const int process = fork();
    if (process < 0)
        throw std::system_error(errno, std::generic_category(), "fork");
    if (process > 0)
        return process;

    // Other threads may have held locks when this process was made: system calls only.
    constexpr int failed = 127;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != supervisor)
        _exit(failed);
    if (dup2(socket, worker_socket) != worker_socket)
        _exit(failed);
    if (close_range(worker_socket + 1, ~0U, 0) != 0)
        _exit(failed);
    execv("/proc/self/exe", pointers.data());
    _exit(failed);
}

} // namespace sndback

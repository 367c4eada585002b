// SPDX-License-Identifier: GPL-2.0-only
#include "server/service.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

namespace sndback {

void prepare_process()
{
    // An ignored SIGCHLD would hide that a worker has died.
    (void)std::signal(SIGCHLD, SIG_DFL);
    // The log may be a pipe whose reader has died.
    (void)std::signal(SIGPIPE, SIG_IGN);
    int descriptor = 0;
    do
        descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (descriptor >= 0 && descriptor <= STDERR_FILENO && fcntl(descriptor, F_SETFD, 0) == 0);
    if (descriptor >= 0)
        close(descriptor);
}

File lock_instance(const std::string &path)
{
    File lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.get() < 0)
        throw std::runtime_error(
            fmt::format("cannot open the lock file {}: {}; choose a writable path with --lock",
                        path, std::generic_category().message(errno)));
    if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
        throw std::runtime_error(
            fmt::format("{} is locked: xen-sndback runs already, and two would fight over each "
                        "card; stop the other one",
                        path));
    const std::string text = std::to_string(getpid()) + "\n";
    if (ftruncate(lock.get(), 0) == 0)
        (void)!write(lock.get(), text.data(), text.size());
    return lock;
}

void notify_service_manager(const std::string &state)
{
    const char *path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address {};
    if (path == nullptr || path[0] == '\0' || std::strlen(path) >= sizeof(address.sun_path))
        return;
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path);
    // An '@' stands for the zero that an abstract address begins with.
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';
    const File socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    (void)sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr *>(&address), length);
}

} // namespace sndback

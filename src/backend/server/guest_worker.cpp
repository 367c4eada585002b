// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_worker.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "server/log.hpp"
#include "server/spawn.hpp"

namespace sndback {

namespace {

constexpr std::chrono::milliseconds death_patience { 50 };
constexpr std::chrono::seconds stop_patience { 2 };
// It may be waiting for a device that takes long to open.
constexpr std::chrono::seconds update_patience { 30 };

constexpr std::size_t longest_row = 32 * 1024;

std::vector<std::string> with_worker_option(std::vector<std::string> arguments, unsigned domain)
{
    arguments.push_back(fmt::format("--worker={}", domain));
    return arguments;
}

} // namespace

GuestWorker::GuestWorker(unsigned domain, const std::vector<std::string> &arguments,
                         std::vector<std::string> directories, Time now)
    : GuestWorker(domain, arguments, std::move(directories), now, MessageSocket::pair())
{
}

GuestWorker::GuestWorker(unsigned domain, const std::vector<std::string> &arguments,
                         std::vector<std::string> directories, Time now,
                         std::pair<MessageSocket, MessageSocket> sockets)
    : domain_(domain),
      socket_(std::move(sockets.first)),
      process_(spawn_worker(with_worker_option(arguments, domain), sockets.second.descriptor())),
      started_(now),
      directories_(std::move(directories))
{
    log(LogLevel::debug, "dom{}: worker {} started", domain_, process_);
}

GuestWorker::~GuestWorker()
{
    if (has_exited_)
        return;
    kill();
    // Its pages are unmapped when it is dead. One that hangs in a driver stays for a while.
    for (const Time until = monotonic_now() + death_patience;
         waitpid(process_, nullptr, WNOHANG) == 0 && monotonic_now() < until;)
        usleep(1000);
}

void GuestWorker::send(MessageKind kind, std::uint32_t number, std::string_view first,
                       std::string_view second)
{
    if (!socket_.send(kind, number, first, second))
        give_up("it does not listen");
}

void GuestWorker::send_settings(const std::optional<std::string> &configuration,
                                const GuestIdentity &identity)
{
    send(MessageKind::settings, configuration ? 1 : 0, configuration.value_or(""),
         identity.name + '\0' + identity.uuid);
}

bool GuestWorker::has_directories(const std::vector<std::string> &directories) const
{
    return std::includes(directories_.begin(), directories_.end(), directories.begin(),
                         directories.end());
}

void GuestWorker::update(Time now)
{
    is_updating_ = true;
    if (!deadline_)
        deadline_ = now + update_patience;
    send(MessageKind::update);
}

void GuestWorker::stop()
{
    if (is_lost_ || is_stopping_)
        return;
    is_stopping_ = true;
    deadline_ = monotonic_now() + stop_patience;
    send(MessageKind::stop);
}

void GuestWorker::kill() const
{
    if (!has_exited_)
        ::kill(process_, SIGKILL);
}

void GuestWorker::give_up(std::string_view reason)
{
    if (!is_stopping_)
        log(LogLevel::warning, "dom{}: the worker is given up: {}", domain_, reason);
    abandon();
}

void GuestWorker::abandon()
{
    kill();
    is_lost_ = true;
    deadline_.reset();
}

void GuestWorker::check_deadline(Time now)
{
    if (!deadline_ || now < *deadline_)
        return;
    log(LogLevel::error, "dom{}: the worker does not do what it is told, and is killed", domain_);
    abandon();
}

bool GuestWorker::receive(Message &message)
{
    const MessageSocket::Received received = socket_.receive(message, false);
    if (received == MessageSocket::Received::closed && !is_lost_)
        give_up("its socket is closed");
    return received == MessageSocket::Received::message;
}

bool GuestWorker::handle(Message &message)
{
    switch (message.kind) {
    case MessageKind::updated:
        is_updating_ = false;
        if (!is_stopping_)
            deadline_.reset();
        return true;
    case MessageKind::statistics:
        if (next_statistics_.size() < most_rows && message.first.size() <= longest_row)
            next_statistics_.push_back(std::move(message.first));
        return true;
    case MessageKind::statistics_end:
        statistics_ = std::move(next_statistics_);
        next_statistics_.clear();
        owes_report_ = false;
        return true;
    default:
        return false;
    }
}

void GuestWorker::answer(MessageKind kind, bool is_done, std::string_view text)
{
    if (!socket_.send(kind, is_done ? 1 : 0, text))
        give_up("it does not take its answers");
}

void GuestWorker::request_report()
{
    next_statistics_.clear();
    if (is_lost_)
        return;
    owes_report_ = true;
    send(MessageKind::report);
}

std::string describe_exit(int status)
{
    if (WIFSIGNALED(status))
        return fmt::format("killed by signal {} ({})", WTERMSIG(status),
                           WTERMSIG(status) == SIGSYS    ? "a system call that it must not use"
                           : WTERMSIG(status) == SIGXCPU ? "a real-time thread that never waited"
                                                         : strsignal(WTERMSIG(status)));
    return fmt::format("exit status {}", WEXITSTATUS(status));
}

bool GuestWorker::take_exit(int process)
{
    if (has_exited_ || process != process_)
        return false;
    has_exited_ = is_lost_ = true;
    deadline_.reset();
    return true;
}

} // namespace sndback

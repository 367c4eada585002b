// SPDX-License-Identifier: GPL-2.0-only
#include "server/supervisor.hpp"

#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "protocol/sndif.hpp"
#include "server/log.hpp"
#include "server/sandbox.hpp"

namespace sndback {

namespace {

// How long workers get to close their connections.
constexpr std::chrono::milliseconds workers_patience { 500 };
constexpr std::chrono::seconds report_patience { 1 };
// How often XenStore is asked whether it is still there.
constexpr std::chrono::seconds store_interval { 5 };

File open_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : { SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCHLD })
        sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return File(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

// Many guests take a socket each.
void raise_descriptor_limit()
{
    rlimit limit {};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

SupervisorContext make_context(XenStore &store, const Settings &settings,
                               std::vector<std::string> arguments)
{
    const std::string own_path = store.own_path();
    return { store,
             settings,
             own_path,
             own_path + "/backend/" XENSND_DRIVER_NAME,
             std::move(arguments),
             load_configuration(settings, true) };
}

} // namespace

Supervisor::Supervisor(const Settings &settings, std::vector<std::string> arguments)
    : settings_(settings),
      lock_(lock_instance(settings.lock_path)),
      signals_(open_signals()),
      context_(make_context(store_, settings, std::move(arguments))),
      guests_(context_)
{
    raise_descriptor_limit();
    if (settings_.is_tried_out)
        log(LogLevel::warning, "--map and --default are for trying things out: they serve every "
                               "guest alike, by what it claims; see xen-sndback(8)");
    else if (!context_.configuration.is_written)
        log(LogLevel::warning, "there is no {}: every guest plays into nothing",
            settings_.configuration_path);
    // Workers append to it.
    if (!settings_.trace_path.empty()) {
        const TraceFile trace(settings_.trace_path);
        std::filesystem::resize_file(settings_.trace_path, 0);
    }
    if (!settings_.statistics_path.empty())
        save_statistics(settings_.statistics_path, {});
}

void Supervisor::run()
{
    guests_.watch();
    log(LogLevel::info, "ready: watching {}", context_.root);
    notify_service_manager("READY=1");

    while (!stopping_) {
        wait(store_checked_ + store_interval);
        handle_signals();
        serve_guests();
        check_store();
    }
    notify_service_manager("STOPPING=1");
    stop();
}

void Supervisor::wait(Time until)
{
    std::vector<pollfd> descriptors { { signals_.get(), POLLIN, 0 },
                                      { store_.descriptor(), POLLIN, 0 } };
    guests_.add_descriptors(descriptors);
    const Time now = monotonic_now();
    if (const std::optional<Time> deadline = guests_.deadline(now))
        until = std::min(until, *deadline);
    if (report_until_)
        until = std::min(until, *report_until_);
    const Time left = guests_.has_events() ? Time {} : std::max(until - now, Time {});
    const timespec timeout { std::chrono::duration_cast<std::chrono::seconds>(left).count(),
                             (left % std::chrono::seconds(1)).count() };
    if (ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
}

void Supervisor::handle_signals()
{
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            reap();
            break;
        case SIGHUP:
            reload();
            break;
        case SIGUSR1:
            begin_report();
            break;
        default:
            abandon_ = stopping_;
            stopping_ = true;
        }
    }
}

void Supervisor::reap()
{
    int status = 0;
    for (int process = 0; (process = waitpid(-1, &status, WNOHANG)) > 0;)
        guests_.take_exit(process, status);
}

void Supervisor::reload()
{
    notify_service_manager(fmt::format(
        "RELOADING=1\nMONOTONIC_USEC={}",
        std::chrono::duration_cast<std::chrono::microseconds>(monotonic_now()).count()));
    try {
        // Where there was a file, its absence is an editor's, or a mistake.
        context_.configuration = load_configuration(settings_, !context_.configuration.is_written);
        log(LogLevel::info, "configuration read again");
        guests_.reconfigure();
    } catch (const BadConfiguration &error) {
        log(LogLevel::error, "{}; the configuration of before stays", error.what());
    }
    notify_service_manager("READY=1");
}

void Supervisor::serve_guests()
{
    guests_.take_events();
    const Time now = monotonic_now();
    guests_.serve(now);
    if (report_until_ && (now >= *report_until_ || guests_.has_reported()))
        end_report();
}

void Supervisor::check_store()
{
    const Time now = monotonic_now();
    if (now - store_checked_ < store_interval)
        return;
    store_checked_ = now;
    if (!store_.answers())
        throw std::runtime_error(
            "the connection to XenStore is lost; xen-sndback has to be started "
            "again when xenstored is back");
}

void Supervisor::stop()
{
    context_.stopping = true;
    log(LogLevel::info, "stopping: {} guests", guests_.size());
    guests_.stop();
    const Time until = monotonic_now() + workers_patience;
    while (!abandon_ && monotonic_now() < until && guests_.has_workers()) {
        wait(until);
        handle_signals();
        serve_guests();
    }
    end_report();
    guests_.clear();
}

void Supervisor::begin_report()
{
    report_until_ = monotonic_now() + report_patience;
    guests_.request_report();
}

void Supervisor::end_report()
{
    report_until_.reset();
    if (settings_.statistics_path.empty())
        return;
    // A full disk is no reason to leave the guests.
    try {
        save_statistics(settings_.statistics_path, guests_.statistics());
    } catch (const std::runtime_error &error) {
        log(LogLevel::error, "{}", error.what());
    }
}

} // namespace sndback

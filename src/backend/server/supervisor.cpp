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
#include <array>
#include <cerrno>
#include <charconv>
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
// Watches looked at in a turn: a guest can fire its own as fast as it can write.
constexpr unsigned events_per_turn = 256;
constexpr std::size_t most_past_statistics = 512;

constexpr const char *root_token = "cards";
constexpr const char *release_token = "released";

File open_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : { SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCHLD })
        sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    File descriptor(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (descriptor.get() < 0)
        throw std::system_error(errno, std::generic_category(), "signalfd");
    return descriptor;
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

std::optional<unsigned> parse_domain(std::string_view text)
{
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc {} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

// Workers are not to run as root only because their user has not been created.
void require_user(const Settings &settings, const Configuration &configuration)
{
    if (settings.sandbox && configuration.is_written &&
        getpwnam(configuration.user.c_str()) == nullptr)
        throw BadConfiguration(no_such_user(configuration.user));
}

SupervisorContext make_context(XenStore &store, const Settings &settings,
                               std::vector<std::string> arguments)
{
    const std::string own_path = store.own_path();
    SupervisorContext context { store,
                                settings,
                                own_path,
                                own_path + "/backend/" XENSND_DRIVER_NAME,
                                std::move(arguments),
                                configuration_text(settings, true),
                                {} };
    context.configuration = effective_configuration(settings, context.configuration_text);
    require_user(settings, context.configuration);
    return context;
}

} // namespace

Supervisor::Supervisor(const Settings &settings, std::vector<std::string> arguments)
    : settings_(settings),
      lock_(lock_instance(settings.lock_path)),
      signals_(open_signals()),
      context_(make_context(store_, settings, std::move(arguments)))
{
    raise_descriptor_limit();
    if (settings_.is_tried_out)
        log(LogLevel::warning, "--map and --default are for trying things out: they serve every "
                               "guest alike, by what it claims; see xen-sndback(8)");
    else if (!context_.configuration_text)
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
    const XenStore::Watch root_watch(store_, context_.root, root_token);
    std::optional<XenStore::Watch> release_watch;
    try {
        release_watch.emplace(store_, "@releaseDomain", release_token);
    } catch (const std::runtime_error &error) {
        log(LogLevel::debug,
            "{}; guests that die are noticed when the toolstack removes their nodes", error.what());
    }
    log(LogLevel::info, "ready: watching {}", context_.root);
    notify_service_manager("READY=1");

    while (!stopping_) {
        wait(store_checked_ + store_interval);
        handle_signals();
        handle_watches();
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
    const Time now = monotonic_now();
    for (auto &[domain, guest] : guests_) {
        descriptors.push_back({ guest.descriptor(), POLLIN, 0 });
        if (const std::optional<Time> deadline = guest.deadline(now))
            until = std::min(until, *deadline);
    }
    if (report_until_)
        until = std::min(until, *report_until_);
    const Time left = events_left_ ? Time {} : std::max(until - now, Time {});
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
        for (auto &[domain, guest] : guests_)
            if (guest.take_exit(process, status))
                break;
}

void Supervisor::reload()
{
    notify_service_manager(fmt::format(
        "RELOADING=1\nMONOTONIC_USEC={}",
        std::chrono::duration_cast<std::chrono::microseconds>(monotonic_now()).count()));
    try {
        // Where there was a file, its absence is an editor's, or a mistake.
        std::optional<std::string> text =
            configuration_text(settings_, !context_.configuration_text);
        Configuration configuration = effective_configuration(settings_, text);
        require_user(settings_, configuration);
        context_.configuration = std::move(configuration);
        context_.configuration_text = std::move(text);
        log(LogLevel::info, "configuration read again");
        for (auto &[domain, guest] : guests_)
            guest.reconfigure();
    } catch (const BadConfiguration &error) {
        log(LogLevel::error, "{}; the configuration of before stays", error.what());
    }
    notify_service_manager("READY=1");
}

void Supervisor::handle_watches()
{
    events_left_ = false;
    for (unsigned count = 0; count < events_per_turn; ++count) {
        const std::optional<XenStore::Event> event = store_.next_event();
        if (!event)
            return;
        handle_event(*event);
    }
    events_left_ = true;
}

// Costs no more than a mark: what there is to do is done once for many events.
void Supervisor::handle_event(const XenStore::Event &event)
{
    if (event.token == release_token) {
        for (auto &[domain, guest] : guests_)
            guest.note_change();
        return;
    }
    if (event.token != root_token) {
        const auto domain = parse_domain(event.token);
        const auto known = domain ? guests_.find(*domain) : guests_.end();
        if (known != guests_.end())
            known->second.note_change();
        return;
    }
    // The root, or below it DOMAIN/CARD/...
    if (event.path.size() <= context_.root.size())
        return scan();
    const std::string_view rest = std::string_view(event.path).substr(context_.root.size() + 1);
    if (const auto domain = parse_domain(rest.substr(0, rest.find('/'))))
        guest(*domain).note_change();
}

void Supervisor::scan()
{
    for (const std::string &name : store_.list(context_.root))
        if (const auto domain = parse_domain(name))
            guest(*domain).note_change();
    for (auto &[domain, guest] : guests_)
        guest.note_change();
}

Guest &Supervisor::guest(unsigned domain)
{
    return guests_.try_emplace(domain, context_, domain).first->second;
}

void Supervisor::serve_guests()
{
    const Time now = monotonic_now();
    for (auto entry = guests_.begin(); entry != guests_.end();) {
        auto &[domain, guest] = *entry;
        // What fails for one guest, XenStore's quota or memory, is no reason to leave the others.
        try {
            guest.serve(now);
        } catch (const std::runtime_error &error) {
            log(LogLevel::error, "dom{}: {}", domain, error.what());
        }
        if (!guest.is_over()) {
            ++entry;
            continue;
        }
        for (const std::string &row : guest.statistics())
            if (past_statistics_.size() < most_past_statistics)
                past_statistics_.push_back(row);
        entry = guests_.erase(entry);
    }
    const auto has_reported = [](const auto &entry) {
        return entry.second.has_reported();
    };
    if (report_until_ &&
        (now >= *report_until_ || std::all_of(guests_.begin(), guests_.end(), has_reported)))
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
    for (auto &[domain, guest] : guests_)
        guest.stop();
    const Time until = monotonic_now() + workers_patience;
    const auto is_running = [](const auto &entry) {
        return entry.second.is_running();
    };
    while (!abandon_ && monotonic_now() < until &&
           std::any_of(guests_.begin(), guests_.end(), is_running)) {
        wait(until);
        handle_signals();
        handle_watches();
        serve_guests();
    }
    end_report();
    // All at once: each is waited for then.
    for (auto &[domain, guest] : guests_)
        guest.kill();
    guests_.clear();
}

void Supervisor::begin_report()
{
    report_until_ = monotonic_now() + report_patience;
    for (auto &[domain, guest] : guests_)
        guest.request_report();
}

void Supervisor::end_report()
{
    report_until_.reset();
    if (settings_.statistics_path.empty())
        return;
    std::vector<std::string> rows = past_statistics_;
    for (const auto &[domain, guest] : guests_) {
        const std::vector<std::string> own = guest.statistics();
        rows.insert(rows.end(), own.begin(), own.end());
    }
    // A full disk is no reason to leave the guests.
    try {
        save_statistics(settings_.statistics_path, rows);
    } catch (const std::runtime_error &error) {
        log(LogLevel::error, "{}", error.what());
    }
}

} // namespace sndback

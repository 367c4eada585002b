// SPDX-License-Identifier: GPL-2.0-only
#include "server/daemon.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include <spdlog/spdlog.h>

namespace sndback {

namespace {

// How long frontends get to notice that the daemon ends.
constexpr std::chrono::seconds stop_patience { 2 };

constexpr const char *release_domain_watch = "@releaseDomain";

int checked(int descriptor, const char *what)
{
    if (descriptor < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return descriptor;
}

// Threads started later inherit the mask, so that only the main loop sees these signals.
int open_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : { SIGTERM, SIGINT, SIGUSR1 })
        sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return checked(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

void ring(int event)
{
    const std::uint64_t one = 1;
    (void)!write(event, &one, sizeof(one));
}

std::optional<unsigned> parse_component(std::string_view text)
{
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc {} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace

Daemon::Daemon(DaemonSettings settings)
    : settings_(std::move(settings)),
      signals_(open_signals()),
      broken_event_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      trace_(settings_.trace_path),
      devices_(settings_.rules, settings_.fallback),
      environment_ { store_,
                     { trace_, statistics_, devices_, settings_.session, settings_.respond_delay,
                       settings_.attacks },
                     store_.own_path(),
                     settings_.versions,
                     [event = broken_event_.get()] {
                         ring(event);
                     } },
      root_(environment_.own_path + "/backend/" XENSND_DRIVER_NAME)
{
    save_statistics();
}

void Daemon::run()
{
    const XenStore::Watch backend_watch(store_, root_);
    std::optional<XenStore::Watch> release_watch;
    try {
        release_watch.emplace(store_, release_domain_watch);
    } catch (const std::runtime_error &error) {
        spdlog::debug("{}; guests that die are noticed when the toolstack removes their nodes",
                      error.what());
    }
    spdlog::info("ready: watching {}", root_);

    while (!stopping_) {
        wait(next_retry());
        handle_signals();
        handle_watches();
        update_all();
    }
    stop();
    save_statistics();
}

void Daemon::wait(std::optional<Time> until)
{
    std::array<pollfd, 3> descriptors { { { signals_.get(), POLLIN, 0 },
                                          { broken_event_.get(), POLLIN, 0 },
                                          { store_.descriptor(), POLLIN, 0 } } };
    timespec timeout {};
    if (until) {
        const Time left = std::max(*until - monotonic_now(), Time {});
        timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
        timeout.tv_nsec = (left % std::chrono::seconds(1)).count();
    }
    if (ppoll(descriptors.data(), descriptors.size(), until ? &timeout : nullptr, nullptr) < 0 &&
        errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
}

void Daemon::handle_signals()
{
    signalfd_siginfo info;
    while (read(signals_.get(), &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo == SIGUSR1) {
            save_statistics();
            trace_.flush();
        } else {
            abandon_ = stopping_;
            stopping_ = true;
        }
    }
}

void Daemon::handle_watches()
{
    while (const std::optional<std::string> path = store_.next_event())
        handle_path(*path);
}

void Daemon::handle_path(const std::string &path)
{
    if (path == release_domain_watch) {
        for (auto &[key, frontend] : frontends_)
            update(frontend);
        return;
    }
    if (path.starts_with(root_)) {
        // Below the root: /DOMAIN/CARD/...
        std::string_view rest = std::string_view(path).substr(root_.size());
        std::array<std::optional<unsigned>, 2> numbers;
        for (auto &number : numbers) {
            if (!rest.starts_with('/'))
                break;
            rest.remove_prefix(1);
            const std::string_view component = rest.substr(0, rest.find('/'));
            number = parse_component(component);
            rest.remove_prefix(component.size());
        }
        if (numbers[0] && numbers[1])
            refresh({ *numbers[0], *numbers[1] });
        else
            scan();
        return;
    }
    for (auto &[key, frontend] : frontends_)
        if (frontend.state_path() == path)
            update(frontend);
}

// Compares what there is below the root with what is known.
void Daemon::scan()
{
    std::vector<CardKey> keys;
    for (const auto &[key, frontend] : frontends_)
        keys.push_back(key);
    for (const std::string &domain : store_.list(root_))
        for (const std::string &card : store_.list(root_ + "/" + domain)) {
            const auto domain_number = parse_component(domain);
            const auto card_number = parse_component(card);
            if (domain_number && card_number)
                keys.emplace_back(*domain_number, *card_number);
        }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const CardKey &key : keys)
        refresh(key);
}

void Daemon::refresh(CardKey key)
{
    const std::string path = fmt::format("{}/{}/{}", root_, key.first, key.second);
    const auto known = frontends_.find(key);
    if (!store_.exists(path + "/frontend")) {
        if (known != frontends_.end()) {
            spdlog::info("dom{}/{}: removed", key.first, key.second);
            frontends_.erase(known);
        }
        return;
    }
    update(frontends_.try_emplace(key, environment_, key.first, key.second).first->second);
}

// A guest that can make XenStore fail must not take the others with it.
void Daemon::update(Frontend &frontend)
{
    try {
        frontend.update(stopping_);
    } catch (const std::runtime_error &error) {
        spdlog::error("{}", error.what());
    }
}

// What has no watch: streams that broke and retries that are due.
void Daemon::update_all()
{
    std::uint64_t count = 0;
    const bool broken = read(broken_event_.get(), &count, sizeof(count)) == sizeof(count);
    for (auto &[key, frontend] : frontends_)
        if (broken || (frontend.retry_at() && *frontend.retry_at() <= monotonic_now()))
            update(frontend);
}

void Daemon::stop()
{
    spdlog::info("stopping: closing {} cards", frontends_.size());
    for (auto &[key, frontend] : frontends_)
        update(frontend);
    const Time until = monotonic_now() + stop_patience;
    const auto attached = [](const auto &entry) {
        return entry.second.attached();
    };
    while (!abandon_ && monotonic_now() < until &&
           std::any_of(frontends_.begin(), frontends_.end(), attached)) {
        wait(until);
        handle_signals();
        handle_watches();
    }
    frontends_.clear();
    trace_.flush();
}

void Daemon::save_statistics()
{
    if (!settings_.statistics_path.empty())
        statistics_.save(settings_.statistics_path);
}

std::optional<Time> Daemon::next_retry() const
{
    std::optional<Time> next;
    for (const auto &[key, frontend] : frontends_)
        if (const auto retry = frontend.retry_at(); retry && (!next || *retry < *next))
            next = retry;
    return next;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "protocol/sndif.hpp"
#include "server/device_rules.hpp"
#include "server/log.hpp"
#include "server/spawn.hpp"

namespace sndback {

namespace {

// Of one worker, in a turn of the main loop.
constexpr unsigned messages_per_turn = 32;
// A card of 32 streams is read by some 400 questions.
constexpr unsigned questions_per_second = 2000;
constexpr unsigned questions_at_once = 20'000;
constexpr std::chrono::milliseconds question_pause { 10 };

// Where a worker cannot be started, it is tried again after this time.
constexpr std::chrono::seconds start_pause { 1 };
// One that has lived that long was started with success.
constexpr std::chrono::seconds long_life { 60 };

constexpr std::chrono::milliseconds death_patience { 50 };
// How long a worker may take to end, and to look at a change while it waits for a device.
constexpr std::chrono::seconds stop_patience { 2 };
constexpr std::chrono::seconds update_patience { 30 };

Quota quota_of(const SupervisorContext &context, const GuestIdentity &identity)
{
    const GuestRules *rules = context.configuration.find(identity);
    return rules != nullptr ? rules->quota : Quota {};
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

} // namespace

GuestProcess::GuestProcess(SupervisorContext &context, unsigned domain)
    : context_(context),
      domain_(domain),
      nodes_(context.store, context.own_path, context.root, domain),
      updates_(1, 1),
      questions_(questions_per_second, questions_at_once),
      log_lines_(1, 1)
{
    // Without it, a new name is seen at the next change of another node.
    try {
        name_watch_.emplace(context_.store, nodes_.name_node(), std::to_string(domain_));
    } catch (const std::runtime_error &error) {
        log(LogLevel::debug, "dom{}: {}", domain_, error.what());
    }
    identify();
}

GuestProcess::~GuestProcess()
{
    if (!worker_)
        return;
    kill();
    // Its pages are unmapped when it is dead. One that hangs in a driver stays for a while.
    for (const Time until = monotonic_now() + death_patience;
         waitpid(worker_->process, nullptr, WNOHANG) == 0 && monotonic_now() < until;)
        usleep(1000);
    worker_.reset();
    nodes_.close_cards();
}

void GuestProcess::identify()
{
    identity_ = nodes_.identity();
    const Quota quota = quota_of(context_, identity_);
    updates_ = TokenBucket(quota.updates, quota.updates);
    log_lines_ = TokenBucket(quota.log_lines, 3 * quota.log_lines, std::chrono::minutes(1));
}

bool GuestProcess::is_allowed()
{
    const bool allowed = context_.configuration.find(identity_) != nullptr;
    if (!std::exchange(refused_, !allowed) && !allowed) {
        const std::string reason =
            fmt::format("no [guest] section of the configuration matches name '{}' or UUID '{}'",
                        printable(identity_.name), printable(identity_.uuid));
        log(LogLevel::error, "dom{}: not served: {}", domain_, reason);
        nodes_.refuse_cards(reason);
    }
    return allowed;
}

void GuestProcess::reconfigure()
{
    identify();
    if (!is_allowed()) {
        stop();
        return;
    }
    changed_ = true;
    if (!worker_ || worker_->is_lost || stopping_)
        return;
    const std::vector<std::string> wanted = directories();
    if (!context_.settings.sandbox ||
        std::includes(worker_->directories.begin(), worker_->directories.end(), wanted.begin(),
                      wanted.end()))
        return send_settings();
    log(LogLevel::info, "dom{}: the worker is started anew: it has to get at other directories",
        domain_);
    stop();
}

// Those of its rules that are there, each once, sorted.
std::vector<std::string> GuestProcess::directories() const
{
    const GuestRules *rules = context_.configuration.find(identity_);
    std::vector<std::string> found;
    if (rules != nullptr)
        found = DeviceFactory(*rules, identity_).directories();
    std::erase_if(found, [](const std::string &directory) {
        std::error_code error;
        return !std::filesystem::is_directory(directory, error);
    });
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

void GuestProcess::serve(Time now)
{
    if (questions_at_ && *questions_at_ <= now)
        questions_at_.reset();
    for (unsigned count = 0; count < messages_per_turn && descriptor() >= 0; ++count) {
        Message message;
        const auto received = worker_->socket.receive(message, false);
        if (received == MessageSocket::Received::nothing)
            break;
        if (received == MessageSocket::Received::closed)
            return lose("its socket is closed");
        if (const std::optional<Time> until = questions_.spend(now, 1))
            questions_at_ = *until + question_pause;
        take_message(message, now);
    }
    if (patience_until_ && now >= *patience_until_ && worker_ && !worker_->is_lost) {
        log(LogLevel::error, "dom{}: the worker does not do what it is told, and is killed",
            domain_);
        lose("it does not obey");
    }
    if (wants_look() && updates_.take(now))
        look(now);
}

bool GuestProcess::wants_look() const
{
    return changed_ && !told_ && (worker_ ? !worker_->is_lost : !context_.stopping);
}

// Whether there should be a worker, and what there is to tell it.
void GuestProcess::look(Time now)
{
    over_ = nodes_.cards().empty();
    if (over_)
        nodes_.forget_errors();
    if (over_ || !context_.store.domain_alive(domain_)) {
        changed_ = false;
        return stop();
    }
    // It may have been renamed, or be another domain of the same number, which gets a worker of its
    // own.
    if (const GuestIdentity present = nodes_.identity(); present != identity_) {
        const bool is_another = !identity_.uuid.empty() && present.uuid != identity_.uuid;
        reconfigure();
        return is_another ? stop() : void();
    }
    if (worker_) {
        changed_ = false;
        told_ = worker_->socket.send(MessageKind::update);
        if (!told_)
            return lose("it does not listen");
        if (!patience_until_)
            patience_until_ = now + update_patience;
        return;
    }
    if (!is_allowed()) {
        changed_ = false;
        return;
    }
    if (now < start_at_)
        return;
    start_at_ = now + start_pause;
    start(now);
    start_at_ = now;
}

std::optional<Time> GuestProcess::deadline(Time now)
{
    std::optional<Time> next = questions_at_;
    const auto consider = [&](Time time) {
        next = next ? std::min(*next, time) : time;
    };
    if (patience_until_)
        consider(*patience_until_);
    if (wants_look())
        consider(worker_ ? updates_.next(now) : std::max(updates_.next(now), start_at_));
    return next;
}

int GuestProcess::descriptor() const
{
    return worker_ && !worker_->is_lost && !questions_at_ ? worker_->socket.descriptor() : -1;
}

void GuestProcess::start(Time now)
{
    auto [ours, theirs] = MessageSocket::pair();
    std::vector<std::string> arguments = context_.arguments;
    arguments.push_back(fmt::format("--worker={}", domain_));
    const int process = spawn_worker(arguments, theirs.descriptor());
    worker_.emplace(Worker { process, std::move(ours), now, directories() });
    changed_ = told_ = false;
    send_settings();
    log(LogLevel::debug, "dom{}: worker {} started", domain_, process);
}

void GuestProcess::send_settings()
{
    const std::optional<std::string> &text = context_.configuration_text;
    if (!worker_->socket.send(MessageKind::settings, text ? 1 : 0, text.value_or(""),
                              identity_.name + '\0' + identity_.uuid))
        lose("it does not listen");
}

// A worker that cannot be talked to is of no use; its exit does the rest.
void GuestProcess::lose(std::string_view reason)
{
    if (!stopping_)
        log(LogLevel::debug, "dom{}: the worker is given up: {}", domain_, reason);
    kill();
    worker_->is_lost = true;
    patience_until_.reset();
}

void GuestProcess::kill() const
{
    if (worker_)
        ::kill(worker_->process, SIGKILL);
}

bool GuestProcess::take_exit(int process, int status)
{
    if (!worker_ || worker_->process != process)
        return false;
    const Time now = monotonic_now();
    // What it said last says why.
    Message message;
    for (unsigned count = 0; count < messages_per_turn && worker_->socket.receive(message, false) ==
                                                              MessageSocket::Received::message;
         ++count)
        if (message.kind == MessageKind::log || message.kind == MessageKind::statistics ||
            message.kind == MessageKind::statistics_end)
            take_message(message, now);
    const bool lived_long = now - worker_->started > long_life;
    worker_.reset();
    watches_.clear();
    told_ = false;
    questions_at_.reset();
    patience_until_.reset();
    if (!new_statistics_.empty())
        statistics_ = std::move(new_statistics_);
    new_statistics_.clear();
    for (std::string &row : statistics_)
        if (earlier_statistics_.size() < most_statistics)
            earlier_statistics_.push_back(std::move(row));
    statistics_.clear();
    // What has changed while it was about to end, it was told in vain.
    changed_ = true;
    if (stopping_) {
        stopping_ = false;
        nodes_.close_cards();
        return true;
    }
    if (lived_long)
        backoff_.succeed();
    const std::chrono::seconds pause = backoff_.fail();
    start_at_ = now + pause;
    log(LogLevel::error, "dom{}: the worker is dead: {}; another one is started in {} s", domain_,
        describe_exit(status), pause.count());
    nodes_.close_cards();
    return true;
}

void GuestProcess::stop()
{
    if (!worker_ || worker_->is_lost || stopping_)
        return;
    stopping_ = true;
    patience_until_ = monotonic_now() + stop_patience;
    if (!worker_->socket.send(MessageKind::stop))
        lose("it does not listen");
}

std::vector<std::string> GuestProcess::statistics() const
{
    std::vector<std::string> rows = earlier_statistics_;
    rows.insert(rows.end(), statistics_.begin(), statistics_.end());
    return rows;
}

void GuestProcess::request_report()
{
    reported_ = false;
    new_statistics_.clear();
    if (worker_ && !worker_->is_lost && !worker_->socket.send(MessageKind::report))
        lose("it does not listen");
}

} // namespace sndback

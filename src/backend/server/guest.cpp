// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "server/device_rules.hpp"
#include "server/log.hpp"

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

// A card that is detached may be attached again at once.
constexpr std::chrono::seconds idle_patience { 1 };

Quota quota_of(const SupervisorContext &context, const GuestIdentity &identity)
{
    const GuestRules *rules = context.configuration.find(identity);
    return rules != nullptr ? rules->quota : Quota {};
}

} // namespace

Guest::Guest(SupervisorContext &context, unsigned domain)
    : context_(context),
      domain_(domain),
      nodes_(context.store, context.own_path, context.root, domain),
      leftovers_(nodes_),
      broker_(context.store, nodes_, domain),
      log_(domain),
      questions_(questions_per_second, questions_at_once)
{
    identify();
}

Guest::~Guest()
{
    if (!worker_)
        return;
    worker_.reset();
    nodes_.close_cards();
}

void Guest::identify()
{
    nodes_.watch_identity();
    identity_ = nodes_.identity();
    const Quota quota = quota_of(context_, identity_);
    updates_ = TokenBucket(quota.updates, quota.updates);
    log_.set_quota(quota.log_lines);
}

bool Guest::is_allowed()
{
    if (context_.configuration.find(identity_) != nullptr) {
        refused_.reset();
        return true;
    }
    const std::string reason =
        fmt::format("no [guest] section of the configuration matches name '{}' or UUID '{}'",
                    printable(identity_.name), printable(identity_.uuid));
    if (!refused_) {
        log(LogLevel::error, "dom{}: not served: {}", domain_, reason);
        refused_.emplace();
    }
    nodes_.refuse_cards(reason, *refused_);
    return false;
}

void Guest::reconfigure()
{
    identify();
    if (!is_allowed()) {
        stop();
        return;
    }
    changed_ = true;
    if (!worker_ || worker_->is_lost() || worker_->is_stopping())
        return;
    if (!context_.settings.sandbox || worker_->has_directories(directories()))
        return worker_->send_settings(context_.configuration.text_for(identity_), identity_);
    log(LogLevel::info, "dom{}: the worker is started anew: it has to get at other directories",
        domain_);
    stop();
}

// Those of its rules that are there, each once, sorted.
std::vector<std::string> Guest::directories() const
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

void Guest::serve(Time now)
{
    if (questions_at_ && *questions_at_ <= now)
        questions_at_.reset();
    Message message;
    for (unsigned count = 0;
         count < messages_per_turn && descriptor() >= 0 && worker_->receive(message); ++count) {
        if (const std::optional<Time> until = questions_.spend(now, 1))
            questions_at_ = *until + question_pause;
        take_message(message, now);
    }
    if (worker_)
        worker_->check_deadline(now);
    if (leftovers_.is_due(now)) {
        changed_ = true; // what cannot be removed now is found again
        leftovers_.remove(now);
    }
    if (stop_at_ && *stop_at_ <= now) {
        stop_at_.reset();
        if (nodes_.cards().empty())
            stop();
    }
    if (wants_look() && updates_.take(now))
        look(now);
    if (is_untold_ && worker_ && worker_->takes_updates()) {
        is_untold_ = false;
        worker_->update(now);
    }
}

bool Guest::wants_look() const
{
    return changed_ && (worker_ ? !worker_->is_lost() : !context_.stopping);
}

// Whether there should be a worker, and what there is to tell it.
void Guest::look(Time now)
{
    leftovers_.look(now);
    const bool has_cards = !nodes_.cards().empty();
    over_ = !has_cards && leftovers_.is_empty();
    if (has_cards)
        stop_at_.reset();
    else
        nodes_.forget_errors();
    if (!context_.store.domain_alive(domain_)) {
        changed_ = false;
        return stop();
    }
    if (!has_cards) {
        if (worker_ && !stop_at_)
            stop_at_ = now + idle_patience;
        changed_ = false;
        is_untold_ = true;
        return;
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
        is_untold_ = true;
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

std::optional<Time> Guest::deadline(Time now)
{
    std::optional<Time> next = questions_at_;
    const auto consider = [&](Time time) {
        next = next ? std::min(*next, time) : time;
    };
    if (worker_ && worker_->deadline())
        consider(*worker_->deadline());
    for (const std::optional<Time> &due : { leftovers_.deadline(), stop_at_ })
        if (due)
            consider(*due);
    if (wants_look())
        consider(worker_ ? updates_.next(now) : std::max(updates_.next(now), start_at_));
    return next;
}

int Guest::descriptor() const
{
    return worker_ && !worker_->is_lost() && !questions_at_ ? worker_->descriptor() : -1;
}

void Guest::start(Time now)
{
    worker_.emplace(domain_, context_.arguments, directories(), now);
    changed_ = false;
    worker_->send_settings(context_.configuration.text_for(identity_), identity_);
}

bool Guest::take_report(Message &message)
{
    const bool is_unwanted =
        message.kind == MessageKind::statistics && context_.settings.statistics_path.empty();
    return is_unwanted || worker_->handle(message);
}

void Guest::take_message(Message &message, Time now)
{
    if (message.kind == MessageKind::log)
        return log_.take(message.number, message.first, now);
    if (take_report(message))
        return;
    if (const std::optional<StoreBroker::Answer> answer = broker_.handle(message))
        return worker_->answer(message.kind, answer->is_done, answer->text);
    worker_->give_up("it says what only the supervisor says");
}

bool Guest::take_exit(int process, int status)
{
    if (!worker_ || !worker_->take_exit(process))
        return false;
    const Time now = monotonic_now();
    // What it said last says why. Its requests need no answer.
    Message message;
    for (unsigned count = 0; count < messages_per_turn && worker_->receive(message); ++count)
        if (message.kind == MessageKind::log)
            log_.take(message.number, message.first, now);
        else
            (void)take_report(message);
    for (const std::string &row : worker_->statistics())
        if (earlier_statistics_.size() < GuestWorker::most_rows)
            earlier_statistics_.push_back(row);
    const bool was_stopping = worker_->is_stopping();
    const bool lived_long = worker_->age(now) > long_life;
    worker_.reset();
    is_untold_ = false;
    stop_at_.reset();
    broker_.remove_watches();
    // What has changed while it was about to end, it was told in vain.
    changed_ = true;
    if (!was_stopping) {
        if (lived_long)
            backoff_.succeed();
        const std::chrono::seconds pause = backoff_.fail();
        start_at_ = now + pause;
        log(LogLevel::error, "dom{}: the worker is dead: {}; another one is started in {} s",
            domain_, describe_exit(status), pause.count());
    }
    nodes_.close_cards();
    return true;
}

void Guest::stop()
{
    if (worker_)
        worker_->stop();
}

std::vector<std::string> Guest::statistics() const
{
    std::vector<std::string> rows = earlier_statistics_;
    if (worker_)
        rows.insert(rows.end(), worker_->statistics().begin(), worker_->statistics().end());
    return rows;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
#include "server/worker.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "server/log.hpp"
#include "server/sandbox.hpp"

namespace sndback {

namespace {

// How long frontends get to notice that the backend ends.
constexpr std::chrono::milliseconds frontends_patience { 300 };

unsigned connections_a_second(const Quota &quota)
{
    return std::max(quota.requests / Frontend::connection_price, 1U);
}

GuestRules rules_for(const Configuration &configuration, const GuestIdentity &guest)
{
    const GuestRules *rules = configuration.find(guest);
    return rules != nullptr ? *rules : GuestRules {};
}

std::optional<std::string> configuration_text(const Message &order)
{
    return order.number != 0 ? std::optional(order.first) : std::nullopt;
}

GuestIdentity identity(unsigned domain, const Message &order)
{
    const std::size_t border = order.second.find('\0');
    return { domain, order.second.substr(0, border),
             border == std::string::npos ? "" : order.second.substr(border + 1) };
}

} // namespace

Worker::Worker(const Settings &settings, unsigned domain, const MessageSocket &supervisor)
    : settings_(settings),
      domain_(domain),
      supervisor_(supervisor),
      store_(supervisor_),
      broken_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"),
      devices_(first_rules()),
      trace_(settings.trace_path),
      grants_(domain),
      sabotaged_memory_(settings.sabotage ? settings.sabotage->memory(grants_) : nullptr),
      channels_(domain, devices_.quota().streams),
      budget_(devices_.quota().requests),
      connections_(connections_a_second(devices_.quota())),
      environment_ { store_,
                     { trace_, statistics_, devices_,
                       sabotaged_memory_ ? *sabotaged_memory_ : static_cast<GuestMemory &>(grants_),
                       channels_, budget_, real_time_, settings.session,
                       configuration_.realtime_priority, settings.respond_delay,
                       settings.sabotage.get() },
                     connections_,
                     "/local/domain/" + store_.read("domid").value_or("0"),
                     settings.versions,
                     [event = broken_event_.get()] {
                         const std::uint64_t one = 1;
                         (void)!write(event, &one, sizeof(one));
                     } }
{
    devices_.set_rules(rules_for(configuration_, guest_), guest_);
    grants_.set_limit(devices_.quota().pages);
    if (!channels_.is_restricted())
        log(LogLevel::debug, "dom{}: this kernel cannot restrict event channels to one domain",
            domain_);
    if (settings_.sandbox)
        enter_sandbox({ configuration_.user, !configuration_.is_written,
                        configuration_.realtime_priority, devices_.quota().streams,
                        devices_.directories() });
}

// Without them there is nothing to open.
GuestRules Worker::first_rules()
{
    std::optional<Message> order = store_.next_order(true);
    if (!order || order->kind != MessageKind::settings)
        throw SupervisorGone();
    configuration_ = effective_configuration(settings_, configuration_text(*order));
    guest_ = identity(domain_, *order);
    return rules_for(configuration_, guest_);
}

// The supervisor has parsed the text before.
void Worker::apply(const Message &order)
{
    configuration_ = effective_configuration(settings_, configuration_text(order));
    guest_ = identity(domain_, order);
    devices_.set_rules(rules_for(configuration_, guest_), guest_);
    for (auto &[card, frontend] : frontends_)
        protect([&frontend = frontend] { frontend.apply_rules(); });
}

void Worker::run()
{
    while (!stopping_) {
        if (changed_) {
            changed_ = false;
            refresh();
            (void)supervisor_.send(MessageKind::updated, 0, {}, {}, true);
        }
        update_due();
        if (!store_.has_order())
            wait();
        handle_orders();
    }
    stop();
    report();
}

void Worker::wait()
{
    std::array<pollfd, 2> descriptors { { { supervisor_.descriptor(), POLLIN, 0 },
                                          { broken_event_.get(), POLLIN, 0 } } };
    timespec timeout {};
    const std::optional<Time> until = next_retry();
    if (until) {
        const Time left = std::max(*until - monotonic_now(), Time {});
        timeout.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
        timeout.tv_nsec = (left % std::chrono::seconds(1)).count();
    }
    if (ppoll(descriptors.data(), descriptors.size(), until ? &timeout : nullptr, nullptr) < 0 &&
        errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
}

void Worker::handle_orders()
{
    while (const std::optional<Message> order = store_.next_order(false))
        handle_order(*order);
}

void Worker::handle_order(const Message &order)
{
    switch (order.kind) {
    case MessageKind::settings:
        apply(order);
        grants_.set_limit(devices_.quota().pages);
        budget_.set_rate(devices_.quota().requests);
        connections_.set_rate(connections_a_second(devices_.quota()));
        break;
    case MessageKind::update:
        changed_ = true;
        break;
    case MessageKind::report:
        report();
        break;
    case MessageKind::stop:
        stopping_ = true;
        break;
    default:
        // An answer that no caller waits for.
        throw SupervisorGone();
    }
}

// Brings the cards in line with XenStore.
void Worker::refresh()
{
    const std::string root =
        fmt::format("{}/backend/" XENSND_DRIVER_NAME "/{}", environment_.own_path, domain_);
    std::vector<unsigned> cards;
    for (const std::string &name : store_.list(root)) {
        unsigned card = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), card);
        if (error == std::errc {} && end == name.data() + name.size() &&
            store_.exists(fmt::format("{}/{}/frontend", root, card)))
            cards.push_back(card);
    }
    std::erase_if(frontends_, [&](const auto &entry) {
        const bool gone = std::find(cards.begin(), cards.end(), entry.first) == cards.end();
        if (gone)
            log(LogLevel::info, "dom{}/{}: removed", domain_, entry.first);
        return gone;
    });
    std::set<unsigned> refused;
    for (const unsigned card : cards) {
        if (!frontends_.contains(card) && frontends_.size() >= devices_.quota().cards) {
            if (refused.insert(card); !refused_.contains(card))
                log(LogLevel::error,
                    "dom{}/{}: not served: more cards than the guest's quota of {}", domain_, card,
                    devices_.quota().cards);
            continue;
        }
        update(frontends_.try_emplace(card, environment_, domain_, card).first->second);
    }
    refused_ = std::move(refused);
}

void Worker::update(Frontend &frontend)
{
    if (!protect([&] { frontend.update(stopping_); }))
        frontend.retry_later();
}

// What fails for one card, such as a write to XenStore, is no reason to leave the others.
bool Worker::protect(const std::function<void()> &action) const
{
    try {
        action();
        return true;
    } catch (const std::runtime_error &error) {
        log(LogLevel::error, "dom{}: {}", domain_, error.what());
        return false;
    }
}

// What has no watch: streams that broke and retries that are due.
void Worker::update_due()
{
    std::uint64_t count = 0;
    const bool broken = read(broken_event_.get(), &count, sizeof(count)) == sizeof(count);
    for (auto &[card, frontend] : frontends_)
        if (broken || (frontend.retry_at() && *frontend.retry_at() <= monotonic_now()))
            update(frontend);
}

void Worker::stop()
{
    for (auto &[card, frontend] : frontends_)
        update(frontend);
    const Time until = monotonic_now() + frontends_patience;
    while (monotonic_now() < until &&
           std::any_of(frontends_.begin(), frontends_.end(),
                       [](const auto &entry) { return entry.second.attached(); })) {
        pollfd descriptor { supervisor_.descriptor(), POLLIN, 0 };
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - monotonic_now());
        if (!store_.has_order() && poll(&descriptor, 1, static_cast<int>(left.count()) + 1) == 0)
            break;
        handle_orders();
        if (changed_) {
            changed_ = false;
            for (auto &[card, frontend] : frontends_)
                update(frontend);
            (void)supervisor_.send(MessageKind::updated, 0, {}, {}, true);
        }
    }
    frontends_.clear();
    trace_.flush();
}

void Worker::report()
{
    for (const std::string &row : statistics_.rows())
        (void)supervisor_.send(MessageKind::statistics, 0, row, {}, true);
    (void)supervisor_.send(MessageKind::statistics_end, 0, {}, {}, true);
    trace_.flush();
}

std::optional<Time> Worker::next_retry() const
{
    std::optional<Time> next;
    for (const auto &[card, frontend] : frontends_)
        if (const auto retry = frontend.retry_at(); retry && (!next || *retry < *next))
            next = retry;
    return next;
}

} // namespace sndback

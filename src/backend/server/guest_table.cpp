// SPDX-License-Identifier: GPL-2.0-only
#include "server/guest_table.hpp"

#include <algorithm>
#include <charconv>

#include "server/log.hpp"

namespace sndback {

namespace {

constexpr unsigned events_per_turn = 256;

// Tokens of watches. Those of a guest have its domain.
constexpr const char *root_token = "cards";
constexpr const char *release_token = "released";

std::optional<unsigned> parse_domain(std::string_view text)
{
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc {} || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace

void GuestTable::watch()
{
    root_watch_.emplace(context_.store, context_.root, root_token);
    try {
        release_watch_.emplace(context_.store, "@releaseDomain", release_token);
    } catch (const std::runtime_error &error) {
        log(LogLevel::debug,
            "{}; guests that die are noticed when the toolstack removes their nodes", error.what());
    }
}

void GuestTable::take_events()
{
    has_events_ = false;
    for (unsigned count = 0; count < events_per_turn; ++count) {
        const std::optional<XenStore::Event> event = context_.store.next_event();
        if (!event)
            return;
        take_event(*event);
    }
    has_events_ = true;
}

// Costs no more than a mark: what there is to do is done once for many events.
void GuestTable::take_event(const XenStore::Event &event)
{
    if (event.token == release_token)
        return note_change_of_all();
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

void GuestTable::note_change_of_all()
{
    for (auto &[domain, guest] : guests_)
        guest.note_change();
}

void GuestTable::scan()
{
    for (const std::string &name : context_.store.list(context_.root))
        if (const auto domain = parse_domain(name))
            (void)guest(*domain);
    note_change_of_all();
}

Guest &GuestTable::guest(unsigned domain)
{
    return guests_.try_emplace(domain, context_, domain).first->second;
}

void GuestTable::serve(Time now)
{
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
            if (past_statistics_.size() < GuestWorker::most_rows)
                past_statistics_.push_back(row);
        entry = guests_.erase(entry);
    }
}

std::optional<Time> GuestTable::deadline(Time now)
{
    std::optional<Time> next;
    for (auto &[domain, guest] : guests_)
        if (const std::optional<Time> deadline = guest.deadline(now))
            next = next ? std::min(*next, *deadline) : *deadline;
    return next;
}

void GuestTable::add_descriptors(std::vector<pollfd> &descriptors) const
{
    for (const auto &[domain, guest] : guests_)
        descriptors.push_back({ guest.descriptor(), POLLIN, 0 });
}

void GuestTable::take_exit(int process, int status)
{
    for (auto &[domain, guest] : guests_)
        if (guest.take_exit(process, status))
            return;
}

void GuestTable::reconfigure()
{
    for (auto &[domain, guest] : guests_)
        guest.reconfigure();
}

void GuestTable::stop()
{
    for (auto &[domain, guest] : guests_)
        guest.stop();
}

bool GuestTable::has_workers() const
{
    return std::any_of(guests_.begin(), guests_.end(),
                       [](const auto &entry) { return entry.second.is_running(); });
}

void GuestTable::clear()
{
    // All at once: each is waited for then.
    for (const auto &[domain, guest] : guests_)
        guest.kill();
    guests_.clear();
}

void GuestTable::request_report()
{
    for (auto &[domain, guest] : guests_)
        guest.request_report();
}

bool GuestTable::has_reported() const
{
    return std::all_of(guests_.begin(), guests_.end(),
                       [](const auto &entry) { return entry.second.has_reported(); });
}

std::vector<std::string> GuestTable::statistics() const
{
    std::vector<std::string> rows = past_statistics_;
    for (const auto &[domain, guest] : guests_) {
        const std::vector<std::string> own = guest.statistics();
        rows.insert(rows.end(), own.begin(), own.end());
    }
    return rows;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// The steps of a scenario by name, and what the backend does in each.
#include <algorithm>
#include <cerrno>

#include "scenario/words.hpp"

namespace xen_front::test {

namespace {

using wire::XenbusState;
using namespace std::chrono_literals;

} // namespace

const Scenario::Row *Scenario::row_of(std::string_view name)
{
    static constexpr Row rows[] = {
        { "open", &Scenario::open },
        { "close", &Scenario::close },
        { "use", &Scenario::use },
        { "params", &Scenario::params },
        { "thresholds", &Scenario::thresholds },
        { "free", &Scenario::free },
        { "prepare", &Scenario::prepare },
        { "start", &Scenario::start },
        { "pause", &Scenario::pause },
        { "release", &Scenario::release },
        { "drop", &Scenario::drop },
        { "drain", &Scenario::drain },
        { "sync", &Scenario::sync },
        { "write", &Scenario::write },
        { "read", &Scenario::read },
        { "nonblocking", &Scenario::nonblocking },
        { "wakeups", &Scenario::wakeups },
        { "mmap", &Scenario::mmap },
        { "move", &Scenario::move },
        { "mix", &Scenario::mix },
        { "forward", &Scenario::forward },
        { "reset", &Scenario::reset },
        { "link", &Scenario::link },
        { "unlink", &Scenario::unlink },
        { "rewind", &Scenario::rewind },
        { "skip", &Scenario::skip },
        { "delay", &Scenario::delay },
        { "ready", &Scenario::ready },
        { "serve", &Scenario::serve },
        { "clock", &Scenario::clock },
        { "play", &Scenario::play },
        { "report", &Scenario::report },
        { "hold", &Scenario::hold },
        { "answer", &Scenario::answer },
        { "refuse", &Scenario::refuse },
        { "accept", &Scenario::accept },
        { "latency", &Scenario::latency },
        { "poke", &Scenario::poke },
        { "poll", &Scenario::poll },
        { "leave", &Scenario::leave },
        { "vanish", &Scenario::vanish },
        { "back", &Scenario::come_back },
        { "unbind", &Scenario::unbind },
        { "bind", &Scenario::bind },
        { "restore", &Scenario::restore },
        { "lose", &Scenario::lose },
        { "attach", &Scenario::attach },
        { "pass", &Scenario::pass },
        { "state", &Scenario::expect_state },
        { "appl", &Scenario::expect_appl },
        { "hw", &Scenario::expect_hw },
        { "heard", &Scenario::expect_heard },
        { "mixed", &Scenario::expect_mixed },
        { "played", &Scenario::expect_played },
        { "requests", &Scenario::expect_requests },
        { "quiet", &Scenario::expect_quiet },
        { "cards", &Scenario::expect_cards },
    };
    const auto *row = std::find_if(std::begin(rows), std::end(rows),
                                   [=](const Row &entry) { return entry.name == name; });
    return row == std::end(rows) ? nullptr : row;
}

// ---- the backend ----

int64_t Scenario::clock(Words &words)
{
    has_clock_ = words.next() == "on";
    for (const unsigned int number : { 0u, 1u }) {
        if (backend_.stream_count() != 0)
            backend_.stream(0, number).has_clock = has_clock_;
    }
    return 0;
}

int64_t Scenario::play(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (stream() != nullptr && stream()->opened()) {
        stream()->report_position(stream()->position() + bytes(frames));
        settle();
    }
    return 0;
}

// A position that may be anything.
int64_t Scenario::report(Words &words)
{
    const auto frames = static_cast<uint64_t>(words.number());
    if (stream() != nullptr && stream()->opened()) {
        stream()->report_position(bytes(frames));
        settle();
    }
    return 0;
}

int64_t Scenario::hold(Words &words)
{
    const wire::Operation operation = words.operation();
    if (stream() != nullptr)
        stream()->withheld.insert(operation);
    return 0;
}

int64_t Scenario::answer(Words &)
{
    if (stream() != nullptr) {
        stream()->withheld.clear();
        stream()->answer_all();
        settle();
    }
    return 0;
}

int64_t Scenario::refuse(Words &words)
{
    const wire::Operation operation = words.operation();
    const auto status = static_cast<int32_t>(words.number(-EIO));
    if (stream() != nullptr)
        stream()->statuses[operation] = status;
    return 0;
}

int64_t Scenario::accept(Words &)
{
    if (stream() != nullptr)
        stream()->statuses.clear();
    return 0;
}

int64_t Scenario::latency(Words &words)
{
    const int64_t milliseconds = words.number();
    if (stream() != nullptr)
        stream()->latency = fake::Duration(milliseconds * 1ms);
    return 0;
}

// Interrupts for nothing.
int64_t Scenario::poke(Words &words)
{
    const bool is_event = words.next() == "events";
    if (stream() != nullptr) {
        is_event ? stream()->interrupt_events() : stream()->interrupt_requests();
        settle();
    }
    return 0;
}

// The backend polls, or wants to be notified again.
int64_t Scenario::poll(Words &words)
{
    if (stream() != nullptr) {
        stream()->wants_notifications = words.next() == "off";
        stream()->serve();
        settle();
    }
    return 0;
}

// ---- the connection ----

int64_t Scenario::leave(Words &)
{
    publish(XenbusState::Closing);
    backend_.detach();
    publish(XenbusState::Closed);
    return 0;
}

// The backend dies; XenStore says nothing.
int64_t Scenario::vanish(Words &)
{
    backend_.detach();
    return 0;
}

int64_t Scenario::come_back(Words &words)
{
    leave(words);
    connect();
    // The driver throttles a backend that comes and goes.
    for (int i = 0; i < 100 && fake::frontend_state(device_) != XenbusState::Connected; i++) {
        kernel_.timeline.pass(50ms);
        connect();
    }
    return 0;
}

int64_t Scenario::unbind(Words &)
{
    if (!device_.is_bound)
        return nothing;
    fake::remove(device_);
    backend_.detach();
    return 0;
}

int64_t Scenario::bind(Words &words)
{
    if (device_.is_bound)
        return nothing;
    const int status = fake::probe(device_);
    if (status == 0)
        come_back(words);
    return status;
}

int64_t Scenario::restore(Words &)
{
    if (!device_.is_bound)
        return nothing;
    fake::save_and_restore(device_, [this] { backend_.detach(); });
    connect();
    return 0;
}

int64_t Scenario::lose(Words &)
{
    lost_nodes_ = kernel_.store.below(device_.path);
    fake::restore_without(device_, [this] { backend_.detach(); });
    return 0;
}

int64_t Scenario::attach(Words &words)
{
    kernel_.store.set(device_.backend_path + "/state", "1");
    lost_nodes_.erase("state");
    for (const auto &[node, value] : lost_nodes_)
        kernel_.store.set(device_.path + "/" + node, value);
    kernel_.store.set(device_.path + "/state", "1");
    fake::look_for(device_);
    if (device_.is_bound)
        come_back(words);
    return 0;
}

int64_t Scenario::pass(Words &words)
{
    kernel_.timeline.pass(words.number() * 1ms);
    return 0;
}

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
// What a card's streams need beside what the bus calls for, how long a card waits for its backend,
// and what becomes of a connection that fails.
#include "driver/frontend.hpp"
#include "kernel/module.hpp"

namespace xen_front {

namespace {

// How often a card that waits for its backend asks how long it may: the limit can be changed.
constexpr unsigned int wait_look_ms = 1000;
// Before a card that waits for its backend, and one that is not there yet, tries once more to
// connect.
constexpr unsigned int retry_ms = 250;
constexpr unsigned int first_retry_ms = 1000;

// Whether a connection that failed with @error may succeed a little later. @why: what is known of
// it.
bool is_temporary(Error error, const Diagnostic &why)
{
    if (error == Error::NoSpace)
        return why.is_empty(); // for grants; a configuration that needs too much says so
    if (error == Error::Busy)
        return !why.is_empty(); // pages that are mapped; the index of a card may be taken for good
    return error == Error::NoMemory || error == Error::Io; // of XenStore
}

} // namespace

void Frontend::on_maintenance(void *frontend)
{
    static_cast<Frontend *>(frontend)->maintain();
}

void Frontend::maintain()
{
    Mutex::Guard guard(mutex_);
    if (card_ == nullptr || !card_->is_registered())
        return;
    const unsigned int timeout_ms = reconnect_timeout_ms(); // it can be changed at any time
    const Card::Health health = card_->look(timeout_ms);
    unsigned int next_look_ms = health.next_look_ms;
    Diagnostic why;
    if (health.is_refused)
        why << "the backend refuses to go on with a stream; the card is unplugged";
    else if (has_waited_too_long(health, timeout_ms, next_look_ms))
        why << "no backend for " << uint32_t { timeout_ms }
            << " ms (reconnect_timeout_ms); the card is unplugged";
    if (why.is_empty()) {
        if (next_look_ms != 0)
            maintenance_.schedule(next_look_ms);
        return;
    }
    device_.log(KSHIM_LOG_WARNING, why);
    // A backend that may have attached to the rings of this card has to start over, and to see that
    // they are gone before there are others. Any other backend finds us ready.
    const bool was_published = state_ == wire::XenbusState::Initialised;
    remove_card(was_published || state_ == wire::XenbusState::Connected
                    ? wire::XenbusState::Closed
                    : wire::XenbusState::Initialising);
    // It may have been about to connect, and waits for us now.
    if (was_published && !is_ending_)
        throttle(throttle_ms);
    else
        handle_backend_state();
}

bool Frontend::has_waited_too_long(const Card::Health &health, unsigned int timeout_ms,
                                   unsigned int &next_look_ms)
{
    uint64_t since_ms = health.stalled_since_ms;
    if (state_ != wire::XenbusState::Connected)
        since_ms = away_since_ms_;
    else if (since_ms == 0)
        return false;
    const uint64_t limit_ms = timeout_ms;
    const uint64_t waited_ms = now_ms() - since_ms;
    if (limit_ms != 0 && waited_ms >= limit_ms)
        return true;
    const uint64_t left_ms = limit_ms == 0 ? wait_look_ms : limit_ms - waited_ms;
    const auto look_ms = static_cast<unsigned int>(min(left_ms, uint64_t { wait_look_ms }));
    next_look_ms = sooner(next_look_ms, look_ms);
    return false;
}

void Frontend::report(Error error, Diagnostic &why)
{
    if (why.is_empty())
        why << "cannot connect " << device_.path() << " to its backend";
    if (reported_.view() == why.view())
        return;
    device_.report(error, why);
    reported_.clear();
    reported_ << why.view();
}

void Frontend::fail_to_connect(Error error, Diagnostic &why)
{
    if (!is_temporary(error, why)) {
        fail(error, why);
        return;
    }
    report(error, why);
    const bool is_waiting = card_ != nullptr && card_->is_registered();
    if (is_waiting)
        card_->disconnect();
    else
        remove_card(wire::XenbusState::Initialising);
    throttle(is_waiting ? retry_ms : first_retry_ms);
}

void Frontend::fail(Error error, Diagnostic &why)
{
    report(error, why);
    has_failed_ = true;
    remove_card(wire::XenbusState::Closed);
}

} // namespace xen_front

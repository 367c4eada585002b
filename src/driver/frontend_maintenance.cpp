// SPDX-License-Identifier: GPL-2.0-only
// What a card's streams need beside what the bus calls for, and how long a card waits for its
// backend.
#include "driver/frontend.hpp"
#include "kernel/module.hpp"

namespace xen_front {

namespace {

// How often a card that waits for its backend asks how long it may: the limit can be changed.
constexpr unsigned int wait_look_ms = 1000;

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
    const Card::Health health = card_->look(reconnect_timeout_ms());
    unsigned int next_look_ms = health.next_look_ms;
    Diagnostic why;
    if (health.is_refused)
        why << "the backend refuses to go on with a stream; the card is unplugged";
    else if (has_waited_too_long(health, next_look_ms))
        why << "no backend for " << uint32_t { reconnect_timeout_ms() }
            << " ms (reconnect_timeout_ms); the card is unplugged";
    if (why.is_empty()) {
        if (next_look_ms != 0)
            maintenance_.schedule(next_look_ms);
        return;
    }
    device_.log(KSHIM_LOG_WARNING, why);
    // A backend that is connected, or takes itself for that, is to start over. Any other finds us
    // ready.
    remove_card(state_ == wire::XenbusState::Connected ? wire::XenbusState::Closed
                                                       : wire::XenbusState::Initialising,
                0);
    // It may have been about to connect, and waits for us now.
    handle_backend_state();
}

bool Frontend::has_waited_too_long(const Card::Health &health, unsigned int &next_look_ms)
{
    uint64_t since_ms = health.stalled_since_ms;
    if (state_ != wire::XenbusState::Connected)
        since_ms = away_since_ms_;
    else if (!health.is_stalled)
        return false;
    const uint64_t limit_ms = reconnect_timeout_ms();
    const uint64_t waited_ms = now_ms() - since_ms;
    if (limit_ms != 0 && waited_ms >= limit_ms)
        return true;
    const uint64_t left_ms = limit_ms == 0 ? wait_look_ms : limit_ms - waited_ms;
    const auto look_ms = static_cast<unsigned int>(min(left_ms, uint64_t { wait_look_ms }));
    next_look_ms = next_look_ms == 0 ? look_ms : min(next_look_ms, look_ms);
    return false;
}

} // namespace xen_front

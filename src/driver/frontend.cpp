// SPDX-License-Identifier: GPL-2.0-only
#include "driver/frontend.hpp"

#include "driver/xenstore_config.hpp"
#include "kernel/trace.hpp"

namespace xen_front {

namespace {

// How long unbinding waits for the backend to unmap our rings, and the other Xen devices of the
// guest with it. It is no failure if it does not.
constexpr unsigned int unbind_unmap_ms = 50;
// After ALSA has refused a card, before the next attempt: ALSA logs each refusal.
constexpr unsigned int next_card_ms = 10000;
// Connections that fail one after the other before the log says so.
constexpr uint32_t early_ends_told = 3;

} // namespace

Frontend::Frontend(XenbusDevice device, Shared &shared)
    : device_(device),
      shared_(shared),
      mutex_(KSHIM_LOCK_FRONTEND),
      maintenance_(KSHIM_WORK_FRONTEND, on_maintenance, this),
      throttle_(KSHIM_WORK_FRONTEND, on_throttle_end, this)
{
}

Frontend::~Frontend()
{
    {
        Mutex::Guard guard(mutex_);
        is_ending_ = true;
    }
    throttle_.cancel();
    {
        Mutex::Guard guard(mutex_);
        remove_card(wire::XenbusState::Closed);
    }
    maintenance_.cancel();
    Deadline deadline(unbind_unmap_ms);
    while (shared_.grants.count_transports(device_.number()) != 0 && !deadline.has_passed())
        sleep_for(1);
}

void Frontend::start()
{
    Mutex::Guard guard(mutex_);
    switch_state(wire::XenbusState::Initialising);
}

void Frontend::switch_state(wire::XenbusState state)
{
    state_ = state;
    device_.switch_state(static_cast<unsigned int>(state));
    show_states();
}

void Frontend::show_states()
{
    if (is_traced(KSHIM_TRACE_STATE))
        record_state(device_.number(), static_cast<uint32_t>(state_),
                     static_cast<uint32_t>(backend_state_));
    if (card_ != nullptr)
        card_->set_states(state_, backend_state_);
}

void Frontend::backend_changed(wire::XenbusState state)
{
    Mutex::Guard guard(mutex_);
    backend_state_ = state;
    show_states();
    if (!is_throttled_ && (action_for(state_, state) == Action::Ignore || changes_.allow()))
        handle_backend_state();
    else
        throttle(throttle_ms);
    // While a kernel starts, the bus waits for devices that it takes for connecting.
    device_.settle_state();
}

void Frontend::throttle(unsigned int milliseconds)
{
    is_throttled_ = true;
    throttle_.schedule(milliseconds);
}

void Frontend::on_throttle_end(void *frontend)
{
    auto *self = static_cast<Frontend *>(frontend);
    Mutex::Guard guard(self->mutex_);
    // Not if it was scheduled once more while it waited for the mutex.
    const bool was_throttled = exchange(self->is_throttled_, false);
    // While throttled we never become Connected, and of a connection only its end is held back: the
    // backend has started over in that time, and uses the rings of before.
    if (was_throttled && self->state_ == wire::XenbusState::Connected &&
        self->backend_state_ == self->state_)
        self->end_connection(wire::XenbusState::Closed);
    self->handle_backend_state();
}

void Frontend::handle_backend_state()
{
    using wire::XenbusState;
    const Action action = action_for(state_, backend_state_);
    Diagnostic why;
    const bool is_early = action == Action::Close || action == Action::Lose;
    if (state_ == XenbusState::Initialised && is_early && ++early_ends_ == early_ends_told) {
        why << "the backend of " << device_.path() << " has closed the connection " << early_ends_
            << " times before it was made; its log says why";
        device_.log(KSHIM_LOG_WARNING, why);
        why.clear();
    }
    switch (action) {
    case Action::Ignore:
        break;
    case Action::Close:
        end_connection(XenbusState::Closed);
        break;
    case Action::Lose:
    case Action::Restart: {
        const bool is_for_good = is_being_removed();
        // A backend that saw us fail and closes as well is not to start the next round.
        if (state_ == XenbusState::Closed && (has_failed_ || is_for_good))
            break;
        if (state_ == XenbusState::Initialising && (!is_for_good || card_ == nullptr))
            break;
        if (is_for_good)
            remove_card(XenbusState::Closed);
        else
            // A backend that is there and says Closed may wait for us to begin: sndif.h, "Recovery
            // flow".
            end_connection(backend_state_ == XenbusState::Unknown ? XenbusState::Reconfiguring
                                                                  : XenbusState::Initialising,
                           XenbusState::Initialising);
        break;
    }
    case Action::Connect:
        if (is_ending_)
            break;
        if (!next_card_.has_passed()) {
            throttle(throttle_ms);
            break;
        }
        // Not from Closed, which a backend in InitWait takes for ready.
        if (state_ != XenbusState::Closed)
            end_connection(XenbusState::Initialising);
        if (auto result = connect(why); result.is_error())
            fail_to_connect(result.error(), why);
        break;
    case Action::Register:
        if (auto result = register_card(); result.is_error()) {
            why << "cannot register a sound card for " << device_.path();
            fail(result.error(), why);
        }
        break;
    }
}

Result<void> Frontend::connect(Diagnostic &why)
{
    auto config = TRY(read_config(device_, why));
    if (card_ != nullptr && !(card_->config() == *config))
        remove_card(state_);
    if (card_ == nullptr) {
        auto card =
            Card::create(device_, move(config), maintenance_, shared_.grants, shared_.cards);
        if (card.is_error() && card.error() == Error::NotPermitted)
            why << device_.path() << " gets no card: so the module parameter enable says";
        if (card.is_error() && card.error() == Error::NoDevice)
            why << "ALSA has no card left for " << device_.path()
                << ", or none of the number that the module parameter index asks for";
        if (card.is_error() && card.error() != Error::NoMemory)
            next_card_ = Deadline(next_card_ms);
        card_ = TRY(move(card));
        card_->adopt(mixer_choices_.span());
    }
    const uint32_t rings = card_->config().stream_count;
    const uint32_t kept = shared_.grants.count_transports(device_.number());
    if (kept > (DeferredGrants::generations_max - 1) * rings) {
        why << "the backend of " << device_.path() << " still maps the rings of " << kept
            << " streams of earlier connections; it gets no more before it lets go of them";
        return Error::Busy;
    }
    if (auto connected = card_->connect(); connected.is_error()) {
        if (connected.error() == Error::Busy)
            why << "the former backend of " << device_.path()
                << " still maps an audio buffer that is in use";
        return connected;
    }
    has_failed_ = false;
    reported_.clear();
    switch_state(wire::XenbusState::Initialised);
    return {};
}

Result<void> Frontend::register_card()
{
    // Whatever waited for a backend goes on, before new applications come.
    card_->go_live();
    if (!card_->is_registered())
        TRY(card_->register_with_alsa());
    switch_state(wire::XenbusState::Connected);
    early_ends_ = 0;
    return {};
}

void Frontend::end_connection(wire::XenbusState with_card, wire::XenbusState without_card)
{
    if (card_ == nullptr || !card_->is_registered() || is_being_removed()) {
        remove_card(without_card);
        return;
    }
    // A card that waits already goes on waiting.
    if (state_ == wire::XenbusState::Connected)
        away_since_ms_ = now_ms();
    card_->disconnect();
    switch_state(with_card);
    maintenance_.schedule(0);
}

void Frontend::remove_card(wire::XenbusState next)
{
    if (card_ == nullptr) {
        switch_state(next);
        return;
    }
    card_->retire();
    switch_state(next);
    // Without memory for them the next card begins as the first one did.
    if (auto choices = card_->mixer_choices(); !choices.is_error())
        mixer_choices_ = choices.release_value();
    exchange(card_, nullptr)->release();
}

void Frontend::suspend()
{
    Mutex::Guard guard(mutex_);
    if (card_ == nullptr)
        return;
    card_->suspend();
    // Frozen until the guest goes on; then it has the streams go on.
    maintenance_.schedule(0);
}

void Frontend::resume()
{
    Mutex::Guard guard(mutex_);
    end_connection(wire::XenbusState::Initialising);
    // The card has waited for the backend of another host; that of this one gets the whole
    // time-out.
    away_since_ms_ = now_ms();
    if (card_ != nullptr)
        card_->void_grants();
}

void Frontend::shut_down()
{
    Mutex::Guard guard(mutex_);
    is_ending_ = true;
    // The bus closes devices that it takes for Connected, and no others.
    device_.settle_state();
    if (state_ != wire::XenbusState::Connected)
        switch_state(wire::XenbusState::Closed);
}

bool Frontend::is_being_removed() const
{
    auto online = XenStoreValue::read(device_.backend_path(), "online");
    return !online.is_error() && online.value().view() == "0";
}

} // namespace xen_front

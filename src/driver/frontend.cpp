// SPDX-License-Identifier: GPL-2.0-only
#include "driver/frontend.hpp"

#include "driver/components.hpp"
#include "driver/xenstore_config.hpp"
#include "kernel/trace.hpp"

namespace xen_front {

namespace {

// How long unbinding waits for the backend to unmap our rings. It is no failure if it does not.
constexpr unsigned int unmap_patience_ms = 100;
// Before a state is followed that came too fast.
constexpr unsigned int follow_pause_ms = 250;
// When the caretaker comes back to a stream that somebody was just using.
constexpr unsigned int retry_ms = 10;

} // namespace

Frontend::Frontend(XenbusDevice device, Leftovers &leftovers)
    : device_(device),
      leftovers_(leftovers),
      mutex_(KSHIM_LOCK_FRONTEND),
      caretaker_(on_attention, this),
      watchdog_(on_attention, this),
      follower_(on_catching_up, this)
{
}

Frontend::~Frontend()
{
    follower_.cancel();
    {
        Mutex::Guard guard(mutex_);
        remove_card(wire::XenbusState::Closed, unmap_patience_ms);
    }
    watchdog_.cancel();
    caretaker_.cancel();
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
    if (!is_behind_ && (action_for(state_, state) == Action::Ignore || pace_.admits())) {
        follow();
        return;
    }
    is_behind_ = true;
    follower_.schedule(follow_pause_ms);
}

void Frontend::on_catching_up(void *frontend)
{
    static_cast<Frontend *>(frontend)->catch_up();
}

void Frontend::catch_up()
{
    Mutex::Guard guard(mutex_);
    is_behind_ = false;
    follow();
}

void Frontend::follow()
{
    const Action action = action_for(state_, backend_state_);
    Diagnostic why;
    switch (action) {
    case Action::Ignore:
        break;
    case Action::Close:
        leave(wire::XenbusState::Closed, wire::XenbusState::Closed);
        break;
    case Action::Lose:
    case Action::Restart:
        // A backend that saw us fail and closes as well is not to start the next round.
        if (state_ == wire::XenbusState::Closed && (has_failed_ || is_being_removed()))
            break;
        if (is_being_removed())
            leave(wire::XenbusState::Closed, wire::XenbusState::Closed);
        else
            leave(action == Action::Lose ? wire::XenbusState::Reconfiguring
                                         : wire::XenbusState::Initialising,
                  wire::XenbusState::Initialising);
        break;
    case Action::Connect:
        // Not from Closed, which a backend in InitWait takes for ready.
        if (state_ != wire::XenbusState::Closed)
            leave(wire::XenbusState::Initialising, wire::XenbusState::Initialising);
        if (auto result = connect(why); result.is_error())
            fail(result.error(), why);
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
        remove_card(state_, 0);
    if (card_ == nullptr) {
        unregistered_card_ =
            TRY(Card::create(device_, move(config), caretaker_, watchdog_, leftovers_));
        card_ = unregistered_card_.get();
        card_->adopt(mixer_choices_.span());
    }
    const uint32_t rings = card_->config().stream_count;
    const uint32_t kept = leftovers_.count_channels(device_.number());
    if (kept > (Leftovers::generations_max - 1) * rings) {
        why << "the backend of " << device_.path() << " still maps the rings of " << kept
            << " streams of earlier connections; it gets no more before it lets go of them";
        return Error::Busy;
    }
    TRY(card_->connect());
    has_failed_ = false;
    reported_.clear();
    switch_state(wire::XenbusState::Initialised);
    return {};
}

Result<void> Frontend::register_card()
{
    if (!sound_card_) {
        const CardConfig &config = card_->config();
        Text<80> long_name;
        if (config.long_name.is_empty())
            long_name << "Xen sound at " << device_.path();
        else
            long_name << config.long_name.view();
        Components components;
        describe_devices(components, config);
        const kshim_card_names names = {
            .short_name = config.short_name.is_empty() ? "Xen sound" : config.short_name.c_string(),
            .long_name = long_name.c_string(),
            .components = components.c_string(),
        };
        sound_card_ = TRY(SoundCard::create(device_, names, card_));
        (void)unregistered_card_.release();
        card_->go_live();
        TRY(card_->register_with(sound_card_));
        switch_state(wire::XenbusState::Connected);
        return {};
    }
    is_restored_ = false;
    switch_state(wire::XenbusState::Connected);
    card_->go_live();
    return {};
}

void Frontend::leave(wire::XenbusState kept, wire::XenbusState gone)
{
    if (!is_card_wanted()) {
        remove_card(gone, 0);
        return;
    }
    card_->disconnect();
    switch_state(kept);
}

void Frontend::remove_card(wire::XenbusState next, unsigned int patience_ms)
{
    if (card_ == nullptr) {
        switch_state(next);
        return;
    }
    // Streams first: ALSA's disconnecting stops them, which must not wait for the backend.
    card_->retire();
    if (sound_card_)
        sound_card_.disconnect();
    switch_state(next);
    await_unmapping(patience_ms);
    // Without memory for them the next card begins as the first one did.
    if (auto choices = card_->mixer_choices(); !choices.is_error())
        mixer_choices_ = choices.release_value();
    sound_card_ = SoundCard();
    unregistered_card_.reset();
    card_ = nullptr;
    is_restored_ = false;
}

void Frontend::await_unmapping(unsigned int patience_ms)
{
    Deadline deadline(patience_ms);
    while (leftovers_.count_channels(device_.number()) != 0 && !deadline.has_passed())
        Deadline::pause();
}

void Frontend::fail(Error error, Diagnostic &why)
{
    if (why.is_empty())
        why << "cannot connect " << device_.path() << " to its backend";
    if (!(reported_.view() == why.view())) {
        device_.report(error, why);
        reported_.clear();
        reported_ << why.view();
    }
    has_failed_ = true;
    remove_card(wire::XenbusState::Closed, 0);
}

void Frontend::resume()
{
    Mutex::Guard guard(mutex_);
    // After a mere sleep everything is as it was; the bus only believes otherwise.
    Result<bool> has_slept = is_state_in_xenstore();
    if (!has_slept.is_error() && has_slept.value()) {
        switch_state(state_);
        return;
    }
    // Another XenStore, other grants and event channels: a new life for the card. So too when
    // XenStore cannot be read, for want of memory: then the backend may be the one from before, and
    // has to be told.
    is_restored_ = static_cast<bool>(sound_card_);
    const auto next =
        has_slept.is_error() ? wire::XenbusState::Closed : wire::XenbusState::Initialising;
    leave(next, next);
    if (card_ != nullptr)
        card_->void_grants();
}

void Frontend::on_attention(void *frontend)
{
    static_cast<Frontend *>(frontend)->look_after();
}

void Frontend::look_after()
{
    Mutex::Guard guard(mutex_);
    if (!sound_card_)
        return;
    const Card::Health health = card_->look_after();
    if (state_ == wire::XenbusState::Connected && health.is_silent) {
        // Its event channels may be gone, and nobody would tell us.
        card_->stall();
        switch_state(wire::XenbusState::Reconfiguring);
    } else if (state_ == wire::XenbusState::Reconfiguring && health.is_alive) {
        card_->revive();
        switch_state(wire::XenbusState::Connected);
    }

    if (!card_->try_settle())
        caretaker_.schedule(retry_ms);
    if (health.next_look_ms != 0)
        watchdog_.again(health.next_look_ms);

    // The last application has gone, and there is no backend for the next one.
    if (!health.has_transport && !is_card_wanted())
        remove_card(state_ == wire::XenbusState::Reconfiguring ? wire::XenbusState::Initialising
                                                               : state_,
                    0);
}

bool Frontend::is_card_wanted()
{
    return sound_card_ && (is_restored_ || card_->is_in_use()) && !is_being_removed();
}

bool Frontend::is_being_removed() const
{
    auto online = XenStoreValue::read(device_.backend_path(), "online");
    return !online.is_error() && online.value().view() == "0";
}

Result<bool> Frontend::is_state_in_xenstore() const
{
    Text<16> own;
    own << static_cast<uint32_t>(state_);
    auto published = XenStoreValue::read(device_.path(), "state");
    if (published.is_error() && published.error() == Error::NoEntry)
        return false;
    return TRY(move(published)).view() == own.view();
}

} // namespace xen_front

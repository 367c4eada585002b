// SPDX-License-Identifier: GPL-2.0-only
#include "driver/frontend.hpp"

#include "kernel/lock.hpp"

namespace xen_front {

namespace {

// How long unbinding waits for the backend to unmap our rings. It is no failure if it does not.
constexpr unsigned int unmap_patience_ms = 100;

} // namespace

Frontend::~Frontend()
{
    disconnect(wire::XenbusState::Closed, unmap_patience_ms);
}

void Frontend::start()
{
    switch_state(wire::XenbusState::Initialising);
}

void Frontend::switch_state(wire::XenbusState state)
{
    state_ = state;
    device_.switch_state(static_cast<unsigned int>(state));
}

void Frontend::backend_changed(wire::XenbusState state)
{
    Action action = action_for(state_, state);
    // A backend that saw us fail and closes as well is not to start the next round.
    if (action == Action::Reset && state_ == wire::XenbusState::Closed &&
        (has_failed_ || is_being_removed()))
        action = Action::Ignore;

    Diagnostic why;
    switch (action) {
    case Action::Ignore:
        break;
    case Action::Close:
        disconnect(wire::XenbusState::Closed, 0);
        break;
    case Action::Reset:
        disconnect(is_being_removed() ? wire::XenbusState::Closed : wire::XenbusState::Initialising,
                   0);
        break;
    case Action::Reconnect:
        disconnect(wire::XenbusState::Initialising, 0);
        [[fallthrough]];
    case Action::Connect:
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
    unregistered_card_ = TRY(Card::create(device_, why));
    card_ = unregistered_card_.get();
    card_->adopt(mixer_choices_.span());
    TRY(card_->connect());
    has_failed_ = false;
    reported_.clear();
    switch_state(wire::XenbusState::Initialised);
    return {};
}

Result<void> Frontend::register_card()
{
    const CardConfig &config = card_->config();
    Text<80> long_name;
    if (config.long_name.is_empty())
        long_name << "Xen sound at " << device_.path();
    else
        long_name << config.long_name.view();
    const kshim_card_names names = {
        .short_name = config.short_name.is_empty() ? "Xen sound" : config.short_name.c_string(),
        .long_name = long_name.c_string(),
    };
    sound_card_ = TRY(SoundCard::create(device_, names, card_));
    (void)unregistered_card_.release();
    TRY(card_->register_with(sound_card_));
    switch_state(wire::XenbusState::Connected);
    return {};
}

void Frontend::disconnect(wire::XenbusState next, unsigned int patience_ms)
{
    if (card_ == nullptr) {
        switch_state(next);
        return;
    }
    // Streams first: ALSA's disconnecting stops them, which must not wait for the backend.
    card_->disconnect();
    if (sound_card_)
        sound_card_.disconnect();
    switch_state(next);

    // A backend that unmaps now lets us free the pages at once.
    Deadline deadline(patience_ms);
    while (!card_->try_end_transports() && !deadline.has_passed())
        Deadline::pause();
    card_->end_transports();
    // Without memory for them the next card begins as the first one did.
    if (auto choices = card_->mixer_choices(); !choices.is_error())
        mixer_choices_ = choices.release_value();
    sound_card_ = SoundCard();
    unregistered_card_.reset();
    card_ = nullptr;
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
    disconnect(wire::XenbusState::Closed, 0);
}

bool Frontend::is_being_removed() const
{
    auto online = XenStoreValue::read(device_.backend_path(), "online");
    return !online.is_error() && online.value().view() == "0";
}

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// One device on the Xen bus and its connection to a backend.
#pragma once

#include "driver/card.hpp"
#include "driver/pace.hpp"
#include "driver/state_table.hpp"

namespace xen_front {

// Every function may sleep. The bus calls them one at a time.
class Frontend {
  public:
    explicit Frontend(XenbusDevice device) : device_(device)
    {
    }
    Frontend(const Frontend &) = delete;
    Frontend &operator=(const Frontend &) = delete;
    // Takes the card away and waits, for a moment, until the backend has let go of our pages.
    ~Frontend();

    // Announces that we are ready for a backend.
    void start();
    // The backend published @state: anything, since it comes from XenStore.
    void backend_changed(wire::XenbusState state);
    // To be called after each of those: a state that never stands still is followed at leisure.
    void keep_pace()
    {
        pace_.keep();
    }

  private:
    Result<void> connect(Diagnostic &why);
    Result<void> register_card();
    // Ends the connection and the card, and publishes @next. What the backend still maps after
    // @patience_ms is freed when it lets go.
    void disconnect(wire::XenbusState next, unsigned int patience_ms);
    void switch_state(wire::XenbusState state);
    // Reports, once for the same trouble, and closes the connection.
    void fail(Error error, Diagnostic &why);
    // Whether the toolstack is about to take the backend away for good.
    bool is_being_removed() const;

    XenbusDevice device_;
    Pace pace_;
    wire::XenbusState state_ = wire::XenbusState::Initialising;
    bool has_failed_ = false;
    Diagnostic reported_;
    Box<Card> unregistered_card_; // ours until ALSA owns it
    Card *card_ = nullptr; // the card, whoever owns it
    SoundCard sound_card_; // once registered
    Array<MixerChoice> mixer_choices_; // of the last card that there was
};

} // namespace xen_front

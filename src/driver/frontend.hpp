// SPDX-License-Identifier: GPL-2.0-only
// One device on the Xen bus and its connection to a backend.
#pragma once

#include "driver/card.hpp"
#include "driver/leftovers.hpp"
#include "driver/pace.hpp"
#include "driver/state_table.hpp"
#include "driver/watchdog.hpp"
#include "kernel/work.hpp"

namespace xen_front {

// Every function may sleep. The bus calls them one at a time; the caretaker, which watches over the
// streams, runs beside them.
class Frontend {
  public:
    Frontend(XenbusDevice device, Leftovers &leftovers);
    Frontend(const Frontend &) = delete;
    Frontend &operator=(const Frontend &) = delete;
    // Takes the card away and waits, for a moment, until the backend has let go of our pages.
    ~Frontend();

    // Announces that we are ready for a backend.
    void start();
    // The backend published @state: anything, since it comes from XenStore. A state that never
    // stands still is followed at leisure, and not in this thread, which serves all Xen devices.
    void backend_changed(wire::XenbusState state);
    // The guest goes on after a sleep, or after it was restored.
    void resume();

  private:
    // Does what the backend's state asks for.
    void follow() XEN_FRONT_REQUIRES(mutex_);
    Result<void> connect(Diagnostic &why) XEN_FRONT_REQUIRES(mutex_);
    Result<void> register_card() XEN_FRONT_REQUIRES(mutex_);
    // Ends the connection. The card stays, and @kept is published, when it is in use and the
    // backend may come back; else it goes, and @gone is published.
    void leave(wire::XenbusState kept, wire::XenbusState gone) XEN_FRONT_REQUIRES(mutex_);
    // Takes the card away, if there is one, and publishes @next. Gives the backend @patience_ms to
    // let go of our rings.
    void remove_card(wire::XenbusState next, unsigned int patience_ms) XEN_FRONT_REQUIRES(mutex_);
    // Waits until the backend maps no ring of an earlier connection any more.
    void await_unmapping(unsigned int patience_ms);
    void switch_state(wire::XenbusState state) XEN_FRONT_REQUIRES(mutex_);
    // Has the card, if there is one, know the states of both ends.
    void show_states() XEN_FRONT_REQUIRES(mutex_);
    // Reports, once for the same trouble, and closes the connection.
    void fail(Error error, Diagnostic &why) XEN_FRONT_REQUIRES(mutex_);

    static void on_attention(void *frontend);
    static void on_catching_up(void *frontend);
    void catch_up();
    void look_after();
    bool is_card_wanted() XEN_FRONT_REQUIRES(mutex_);
    // Whether the toolstack is about to take the backend away for good.
    bool is_being_removed() const;
    // Whether XenStore still has the state that we published last.
    Result<bool> is_state_in_xenstore() const XEN_FRONT_REQUIRES(mutex_);

    XenbusDevice device_;
    Leftovers &leftovers_;
    Mutex mutex_;
    Work caretaker_;
    Watchdog watchdog_;
    Work follower_; // of states that came too fast
    // Three whole connections, from InitWait to Closed: each takes milliseconds of a processor.
    Pace pace_ XEN_FRONT_GUARDED_BY(mutex_) { 12, 2000 };
    bool is_behind_ XEN_FRONT_GUARDED_BY(mutex_) = false;
    wire::XenbusState state_ XEN_FRONT_GUARDED_BY(mutex_) = wire::XenbusState::Initialising;
    // What the backend published last.
    wire::XenbusState backend_state_ XEN_FRONT_GUARDED_BY(mutex_) = wire::XenbusState::Unknown;
    bool has_failed_ XEN_FRONT_GUARDED_BY(mutex_) = false;
    bool is_restored_ XEN_FRONT_GUARDED_BY(mutex_) = false; // the card stays, in use or not
    Diagnostic reported_ XEN_FRONT_GUARDED_BY(mutex_);
    // Ours until ALSA owns it.
    Box<Card> unregistered_card_ XEN_FRONT_GUARDED_BY(mutex_);
    // The card, whoever owns it.
    Card *card_ XEN_FRONT_GUARDED_BY(mutex_) = nullptr;
    SoundCard sound_card_ XEN_FRONT_GUARDED_BY(mutex_); // once registered
    // Of the last card that there was.
    Array<MixerChoice> mixer_choices_ XEN_FRONT_GUARDED_BY(mutex_);
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
// One device on the Xen bus and its connection to a backend.
#pragma once

#include "driver/card.hpp"
#include "driver/rate_limit.hpp"
#include "driver/state_table.hpp"
#include "kernel/work.hpp"

namespace xen_front {

// What all devices of the module share.
struct Shared {
    DeferredGrants grants;
    LiveCards cards;
};

// Every function may sleep. A mutex serialises them: the bus calls one at a time, but the card's
// maintenance and the reboot notifier run beside it.
class Frontend {
  public:
    Frontend(XenbusDevice device, Shared &shared);
    Frontend(const Frontend &) = delete;
    Frontend &operator=(const Frontend &) = delete;
    // Takes the card away and waits, for a moment, until the backend has unmapped our pages.
    ~Frontend();

    // Announces that we are ready for a backend.
    void start();
    // The backend published @state: anything, since it comes from XenStore. If it changes too
    // often, a work handles it, and xenwatch, which serves all Xen devices, is not kept busy.
    void backend_changed(wire::XenbusState state);
    // The guest is about to sleep, or to be saved.
    void suspend();
    // The guest was restored.
    void resume();
    // The guest shuts down, or starts another kernel.
    void shut_down();

  private:
    // Does what the backend's state asks for.
    void handle_backend_state() XEN_FRONT_REQUIRES(mutex_);
    // Not inlined, as its texts and its caller's are more than KASAN lets one stack frame hold.
    [[gnu::noinline]] Result<void> connect(Diagnostic &why) XEN_FRONT_REQUIRES(mutex_);
    Result<void> register_card() XEN_FRONT_REQUIRES(mutex_);
    // Publishes @with_card if the card stays, until reconnect_timeout_ms has passed, and
    // @without_card otherwise.
    void end_connection(wire::XenbusState with_card, wire::XenbusState without_card)
        XEN_FRONT_REQUIRES(mutex_);
    void end_connection(wire::XenbusState next) XEN_FRONT_REQUIRES(mutex_)
    {
        end_connection(next, next);
    }
    // Takes the card away, if there is one, and publishes @next.
    void remove_card(wire::XenbusState next) XEN_FRONT_REQUIRES(mutex_);
    void switch_state(wire::XenbusState state) XEN_FRONT_REQUIRES(mutex_);
    // Has the card, if there is one, know the states of both ends.
    void show_states() XEN_FRONT_REQUIRES(mutex_);
    // Once for the same trouble.
    void report(Error error, Diagnostic &why) XEN_FRONT_REQUIRES(mutex_);
    // Has the backend's state handled within @milliseconds, and not as soon as it changes.
    void throttle(unsigned int milliseconds) XEN_FRONT_REQUIRES(mutex_);
    // Fails, or connects once more a little later where that may help.
    void fail_to_connect(Error error, Diagnostic &why) XEN_FRONT_REQUIRES(mutex_);
    // Reports, and closes the connection until the backend begins anew.
    void fail(Error error, Diagnostic &why) XEN_FRONT_REQUIRES(mutex_);

    static void on_maintenance(void *frontend);
    static void on_throttle_end(void *frontend);
    // Looks at the card's streams, and ends its wait for a backend.
    void maintain();
    // Whether the card has waited for a backend, or for a sign of one, for longer than @timeout_ms,
    // 0 being for ever; if not, when to look again in @next_look_ms.
    bool has_waited_too_long(const Card::Health &health, unsigned int timeout_ms,
                             unsigned int &next_look_ms) XEN_FRONT_REQUIRES(mutex_);
    // Whether the toolstack is about to take the backend away for good.
    bool is_being_removed() const;

    XenbusDevice device_;
    Shared &shared_;
    // Held over XenStore and calls of ALSA's. No thread of an application takes it.
    Mutex mutex_;
    Work maintenance_;
    // Before a state is handled that came too fast, or so soon after a card has gone that the
    // backend may not have seen it.
    static constexpr unsigned int throttle_ms = 500;
    Work throttle_; // of states that come too fast, and of attempts to connect
    // Three whole connections, from InitWait to Closed: each takes milliseconds of a processor.
    RateLimit changes_ XEN_FRONT_GUARDED_BY(mutex_) { 12, 2000 };
    Deadline next_card_ XEN_FRONT_GUARDED_BY(mutex_) { 0 }; // when ALSA may refuse another one
    bool is_throttled_ XEN_FRONT_GUARDED_BY(mutex_) = false;
    // The device goes, or the guest is shut down: no connection is made any more.
    bool is_ending_ XEN_FRONT_GUARDED_BY(mutex_) = false;
    wire::XenbusState state_ XEN_FRONT_GUARDED_BY(mutex_) = wire::XenbusState::Initialising;
    // What the backend published last.
    wire::XenbusState backend_state_ XEN_FRONT_GUARDED_BY(mutex_) = wire::XenbusState::Unknown;
    bool has_failed_ XEN_FRONT_GUARDED_BY(mutex_) = false;
    // Connections, one after the other, that the backend has ended before they were made.
    uint32_t early_ends_ XEN_FRONT_GUARDED_BY(mutex_) = 0;
    uint64_t away_since_ms_ XEN_FRONT_GUARDED_BY(mutex_) = 0; // while the card has no backend
    Diagnostic reported_ XEN_FRONT_GUARDED_BY(mutex_);
    Card *card_ XEN_FRONT_GUARDED_BY(mutex_) = nullptr; // ALSA's, until remove_card()
    // Of the last card that there was.
    Array<MixerChoice> mixer_choices_ XEN_FRONT_GUARDED_BY(mutex_);
};

} // namespace xen_front

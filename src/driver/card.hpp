// SPDX-License-Identifier: GPL-2.0-only
// The sound card: its configuration and its streams.
#pragma once

#include "driver/live_cards.hpp"
#include "driver/report.hpp"
#include "driver/stream.hpp"

namespace xen_front {

class Card;

// One PCM device of a card: what ALSA opens streams of.
struct PcmDevice {
    Card *card;
    uint32_t index;
};

// Owned by ALSA's card, which exists from create() until the last application has closed it after
// release(): that may be long after device and connection have gone.
class Card {
  public:
    // A card of @device as @config describes it, which applications do not see yet. @maintenance is
    // scheduled when look() has something to do. @grants and @live_cards live longer. Context: may
    // sleep.
    static Result<Card *> create(XenbusDevice device, Box<CardConfig> config, Work &maintenance,
                                 DeferredGrants &grants, LiveCards &live_cards);

    Card(XenbusDevice device, Box<CardConfig> config, Work &maintenance, DeferredGrants &grants,
         LiveCards &live_cards);

    // Makes the transports of all streams and writes them, with the protocol version, to XenStore.
    Result<void> connect();
    // What Stream's functions of these names do, for all streams.
    void go_live();
    void disconnect();
    void void_grants();
    void suspend();

    // What looking at all streams has shown.
    struct Health {
        bool is_refused = false; // a backend does not go on with a stream
        // Since when at least one stream is stalled, if no other moves; otherwise 0.
        uint64_t stalled_since_ms = 0;
        unsigned int next_look_ms = 0; // when to look again; 0: no need to
    };
    // @give_up_ms: how long a stream may be stalled while others move; 0: for ever.
    Health look(unsigned int give_up_ms);

    // Makes the card visible to applications.
    Result<void> register_with_alsa();
    bool is_registered() const
    {
        return is_registered_;
    }
    // Has the streams fail and takes the card away from applications. Context: may sleep.
    void retire();
    // Lets go of the card after retire(): it must not be used any more.
    void release();

    // What the two ends of the connection have published. Context: any.
    void set_states(wire::XenbusState frontend, wire::XenbusState backend);
    // Prints all that there is to know about the card and its streams. Context: may sleep, as long
    // as the card exists.
    void show(ProcText &out);

    // What applications have chosen in the mixer, for the card that takes the place of this one.
    // NoMemory. Context: may sleep.
    Result<Array<MixerChoice>> mixer_choices() const;
    // Goes on where an earlier card was, as far as it had the same streams. Before
    // register_with_alsa().
    void adopt(Span<MixerChoice> choices);

    const CardConfig &config() const
    {
        return *config_;
    }
    // nullptr when there is no such stream.
    Stream *find_stream(uint32_t device, StreamType type, uint32_t substream) const;

  private:
    static void on_drains(void *card);
    // As Stream::wake_drain(), for all streams, and again until none drains. Waits for no backend
    // and no XenStore: ALSA gives up a drain that nothing wakes in time.
    void wake_drains();
    static void on_controls(void *card);
    // As Stream::update_controls(), for all streams.
    void update_controls();
    Result<void> create_streams();
    Result<void> create_sound_card();
    // Adds PCM devices, names and controls.
    Result<void> describe();
    Result<void> publish();
    // Names the substreams of one direction and gives them channel maps.
    Result<void> describe_streams(PcmHandle pcm, uint32_t device, StreamType type);
    // A volume and a switch for each stream.
    Result<void> add_controls();

    LiveCards::Member member_; // to the end
    XenbusDevice device_;
    HeldDevice held_device_;
    Box<CardConfig> config_;
    Work drains_;
    Work controls_;
    CardServices services_;
    Array<Box<Stream>> streams_;
    Array<PcmDevice> devices_;
    // The controls work reads it; retire() cancels that before release() empties it.
    SoundCard sound_card_;
    bool is_registered_ = false; // under the mutex of Frontend
    Guarded<LinkReport, SpinLock> link_;
};

} // namespace xen_front

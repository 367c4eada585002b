// SPDX-License-Identifier: GPL-2.0-only
// The sound card: its configuration and its streams.
#pragma once

#include "driver/report.hpp"
#include "driver/stream.hpp"
#include "driver/watchdog.hpp"

namespace xen_front {

class Card;

// One PCM device of a card: what ALSA opens streams of.
struct PcmDevice {
    Card *card;
    uint32_t index;
};

// Exists from reading the configuration until the last application has closed its last stream,
// which may be long after the connection has gone.
class Card {
  public:
    // A card of @device as @config describes it, which is not connected yet. @caretaker is
    // scheduled when look_after() has something to do. @leftovers lives longer. Context: may sleep.
    static Result<Box<Card>> create(XenbusDevice device, Box<CardConfig> config, Work &caretaker,
                                    Watchdog &watchdog, Leftovers &leftovers);

    Card(XenbusDevice device, Box<CardConfig> config, Array<Box<Stream>> streams,
         Array<PcmDevice> devices);

    // Makes the transports of all streams and writes them, with the protocol version, to XenStore.
    Result<void> connect();
    // What Stream's functions of these names do, for all streams.
    void go_live();
    void disconnect();
    void retire();
    void void_grants();
    bool try_settle();
    void stall();
    void revive();

    // What look_after() saw.
    struct Health {
        bool has_transport = false; // at least one stream
        bool is_alive = false; // at least one stream is attached to a backend that is not overdue
        bool is_silent = false; // no stream had a sign of life since one has been waiting for it
        unsigned int next_look_ms = 0; // when to look again; 0: no need
    };
    Health look_after();
    bool is_in_use();

    // Adds PCM devices, names and controls to @sound_card and makes it visible to applications.
    Result<void> register_with(SoundCard &sound_card);

    // What the two ends of the connection have published. Context: any.
    void set_states(wire::XenbusState frontend, wire::XenbusState backend);
    // Prints all that there is to know about the card and its streams. Context: may sleep, as long
    // as the card exists.
    void show(ProcText &out);

    // What applications have chosen in the mixer, for the card that takes the place of this one.
    // NoMemory. Context: may sleep.
    Result<Array<MixerChoice>> mixer_choices() const;
    // Goes on where an earlier card was, as far as it had the same streams. Before register_with().
    void adopt(Span<MixerChoice> choices);

    const CardConfig &config() const
    {
        return *config_;
    }
    // nullptr when there is no such stream.
    Stream *find_stream(uint32_t device, StreamType type, uint32_t substream) const;

  private:
    Result<void> publish();
    // Names the substreams of one direction and gives them channel maps.
    Result<void> describe_streams(PcmHandle pcm, uint32_t device, StreamType type);
    // A volume and a switch for each stream.
    Result<void> add_controls(SoundCard &sound_card);

    XenbusDevice device_;
    HeldDevice held_device_;
    Box<CardConfig> config_;
    Array<Box<Stream>> streams_;
    Array<PcmDevice> devices_;
    Guarded<LinkReport, SpinLock> link_;
};

} // namespace xen_front

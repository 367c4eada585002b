// SPDX-License-Identifier: GPL-2.0-only
// The mixer of one stream: what its two ALSA controls show, and so what the backend shall do.
#pragma once

#include "base/guarded.hpp"
#include "base/span.hpp"
#include "kernel/lock.hpp"
#include "kernel/sound_card.hpp"
#include "sndif/config.hpp"
#include "sndif/volume.hpp"

namespace xen_front {

class Stream;

inline constexpr kshim_control_kind control_kinds[] = { KSHIM_CONTROL_VOLUME,
                                                        KSHIM_CONTROL_SWITCH };

// The context of a control.
struct MixerControl {
    Stream *stream;
    kshim_control_kind kind;
};

// What applications have chosen for one stream, to be kept while there is no card.
struct MixerChoice {
    StreamType type;
    uint32_t device; // as StreamConfig has them
    uint32_t number;
    bool is_volume_chosen;
    uint16_t levels[KSHIM_CONTROL_CHANNELS_MAX];
    bool is_on[KSHIM_CONTROL_CHANNELS_MAX];
};

// Lives as long as its stream, so that the values outlive every connection. Sends nothing: that is
// ValueRequests' part.
//
// Volumes that no application has chosen yet are the backend's, as far as it tells them.
class Mixer {
  public:
    Mixer(Stream &stream, const StreamConfig &config);

    // Adds the controls to @card; @index is that of the stream among the card's streams of the same
    // direction. What SoundCard::add_control() returns. May sleep.
    Result<void> add_controls(SoundCard &card, uint32_t index);
    // Adds, or takes away, one of them. Callers come one at a time. As add_controls(); when an
    // application has a control of that id, ALSA, which logs each refusal, is asked again after
    // taken_pause_ms, and then more and more rarely: Busy.
    Result<void> show_control(SoundCard &card, kshim_control_kind kind, bool is_shown);
    static constexpr unsigned int taken_pause_ms = 10000;

    // ---- values; context: any ----

    // One for each channel of the control.
    void get(kshim_control_kind kind, uint32_t *values);
    // Takes what an application has chosen; whether anything is different now.
    bool put(kshim_control_kind kind, const uint32_t *values);

    // Whether an application has chosen the volume; otherwise it is the backend's.
    bool is_volume_chosen();

    // What to adopt() when there is another card.
    MixerChoice choice();
    // Goes on as an earlier card's mixer of the same stream; not of another. Before the card is
    // registered.
    void adopt(const MixerChoice &choice);

    // ---- rows of the shared buffer, one word for each channel of the open stream; any ----

    // What a row of volumes was made from.
    struct Written {
        uint32_t generation;
        bool is_chosen; // by an application
    };
    // Volumes for SET_VOLUME.
    Written write_volumes(Span<uint32_t> row);
    // Takes the volumes that GET_VOLUME has left, unless an application has chosen others since
    // @written. Whether anything is different now.
    bool read_volumes(Span<uint32_t> row, const Written &written);
    // Marks the channels whose sound is @is_on, for UNMUTE or MUTE. Whether there are any.
    bool write_switches(Span<uint32_t> row, bool is_on);

    // Tells listeners that the backend has changed the values of the volume control. As
    // show_control().
    void tell_volumes_changed();

  private:
    struct State {
        // What the channels are set to; those beyond the controls' stay as they begin.
        uint32_t values[KSHIM_CONTROL_KINDS][channels_limit];
        bool is_chosen;
        uint32_t generation; // of the volumes: changes when an application sets them
    };

    // Of a control whose id is taken.
    struct Pause {
        Deadline end { 0 };
        unsigned int next_ms = taken_pause_ms; // the length of the next one
    };

    const StreamConfig &config_;
    const uint32_t channels_; // of each control
    uint32_t index_ = 0; // of each control among those of its name
    MixerControl controls_[KSHIM_CONTROL_KINDS];
    // Of the controls that there are. Only the thread that makes the card writes to them, then only
    // the card's controls work.
    ControlHandle handles_[KSHIM_CONTROL_KINDS];
    Pause pauses_[KSHIM_CONTROL_KINDS];
    Guarded<State, SpinLock> state_;
};

} // namespace xen_front

// SPDX-License-Identifier: GPL-2.0-only
//
// Calls of alsa-lib that fail, or show a card, when a test says so.
#pragma once

#include <alsa/asoundlib.h>

#include <cstdint>
#include <deque>
#include <optional>

namespace sndback {

enum Place : unsigned {
    none,
    avail,
    avail_update,
    writei,
    readi,
    prepare,
    start,
    places,
    wakeup,
    revents // no failure: the PCM says that there is nothing to do, and then has nothing
};

// Which call fails next, once, and which ones after it.
extern unsigned failing_place;
extern std::deque<unsigned> failing_next;
// What they answer: a negative errno.
extern int failure;

// Whether a PCM that has none shows a card, and how much room snd_pcm_avail() then shows; the PCM's
// own without it.
extern bool shows_card;
// What PCMs say of their plugins; without it, what is true: that the null PCM has no clock.
extern const char *shown_plugins;
extern std::optional<snd_pcm_sframes_t> shown_room;
// Octets that have been read of a card that captures numbered() ones, as many frames as shown_room;
// the PCM's own without it.
extern std::optional<std::uint64_t> captured_octets;
// So many frames at most are read in one call.
extern snd_pcm_uframes_t most_read;
// What snd_pcm_state() answers until the PCM is prepared; the PCM's own state without it.
extern std::optional<snd_pcm_state_t> shown_state;
// Calls are counted, and what they moved.
extern std::uint64_t frames_given;
extern std::uint64_t frames_taken_back;
extern unsigned drops;
// All that PCMs have room for, whatever snd_pcm_avail() shows.
extern std::optional<snd_pcm_uframes_t> most_room;
// So many cannot be taken back.
extern snd_pcm_uframes_t stuck_frames;
// No PCM has shorter periods.
extern snd_pcm_uframes_t least_period;
// No PCM has a larger buffer; 0: as it likes. At least four periods fit.
extern snd_pcm_uframes_t most_buffer;
// What the descriptors were asked to wait for last.
extern snd_pcm_uframes_t awaited_frames;

// As long as it lives, PCMs that are opened pass for cards that are shared and cannot pause.
class ShownCard {
  public:
    ShownCard()
    {
        shows_card = true;
        frames_given = frames_taken_back = drops = 0;
    }
    ~ShownCard()
    {
        shows_card = false;
        shown_room.reset();
        captured_octets.reset();
        most_read = ~snd_pcm_uframes_t { 0 };
        stuck_frames = 0;
        most_room.reset();
    }
    ShownCard(const ShownCard &) = delete;
    ShownCard &operator=(const ShownCard &) = delete;

    // How many frames are left to play, of the 4096 that alsa_parameters have room for.
    void show_left(snd_pcm_sframes_t frames)
    {
        shown_room = 4096 - frames;
    }
};

} // namespace sndback

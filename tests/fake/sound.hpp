// SPDX-License-Identifier: GPL-2.0-only
// ALSA's cards and PCM devices: what the driver makes, and when it goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fake/control.hpp"
#include "fake/substream.hpp"
#include "fake/xenbus.hpp"
#include "kshim/card.h"
#include "kshim/proc.h"

struct kshim_pcm {
    kshim_card *card;
    unsigned int index;
    std::string name;
    void *context;
    std::vector<std::unique_ptr<kshim_substream>> substreams[2]; // by kshim_direction
    unsigned int channel_map_channels[2] = {}; // likewise; 0: no channel map controls
    char open_mutex; // its address is the lock
};

struct kshim_card {
    kshim_xenbus_device *device;
    std::string short_name;
    std::string long_name;
    std::string id; // empty: ALSA's own
    std::string components;
    void *context;
    bool is_registered;
    bool is_disconnected;
    bool is_released; // by the driver
    bool is_freed;
    unsigned int open_files;
    std::vector<std::unique_ptr<kshim_pcm>> pcms;
    std::vector<std::unique_ptr<kshim_control>> controls;
    std::map<std::string, void *> proc_files; // the driver's context, by name
    char controls_mutex; // its address is the lock

    // nullptr when there is none.
    kshim_pcm *find_pcm(unsigned int index) const;
    kshim_control *find_control(const std::string &name, unsigned int index = 0) const;
    // What is in a file of the card's directory below /proc; nothing when there is no such file,
    // or the card is gone.
    std::optional<std::string> read_proc(const std::string &name) const;
};

struct kshim_proc_text {
    std::string text;
};

namespace xen_front::fake {

enum class Release : uint8_t {
    Linux6_1,
    Linux6_12,
    Linux7_3,
};

// What the shim claims in snd_pcm_hardware.info (SNDRV_PCM_INFO_*).
struct PcmInfo {
    bool pause = true;
    bool no_rewinds = true; // playback only
    bool drain_trigger = true;
    bool no_period_wakeup = true; // playback only
};

class SoundCore {
  public:
    // PCM devices of a card: 8 without CONFIG_SND_DYNAMIC_MINORS.
    unsigned int devices_max = 32;
    // Devices that get no card: the module parameter "enable".
    std::set<unsigned int> disabled;
    // Other drivers have as many cards as there can be.
    bool has_no_slot = false;
    // Whose index is another driver's card.
    std::set<unsigned int> taken;
    // How often that was refused.
    size_t refused_cards = 0;
    // How often a control was, as there is one of that id.
    size_t refused_controls = 0;
    // The cards that applications can open, in the order of their registration.
    std::vector<kshim_card *> visible_cards() const;
    // All that there ever were.
    const std::vector<std::unique_ptr<kshim_card>> &all_cards() const
    {
        return cards_;
    }

    // ---- the driver ----

    kshim_card *create(XenbusDevice *device, const kshim_card_names &names, void *context);
    static void disconnect(kshim_card *card);
    static void release(kshim_card *card);
    // False, after a fault, for one that is gone.
    static bool is_usable(const kshim_card *card, const char *what);

    // ---- applications ----

    static void on_open(kshim_card &card);
    static void on_close(kshim_card &card);

    // What other processors do between a stream's START and its change of state.
    std::function<void()> behind_start = [] {
    };

    // Taken to link and unlink substreams.
    char link_rwsem = 0; // its address is the lock

    // The kernel whose core this imitates, where they differ in what a driver can notice.
    Release kernel_release = Release::Linux6_1;
    void imitate_newest()
    {
        kernel_release = Release::Linux7_3;
    }
    PcmInfo info;
    // On a 32-bit kernel pointers wrap earlier.
    uint64_t long_max = INT64_MAX;

    // One line for each card that was not released.
    std::string leaks() const;

  private:
    static void free_if_unused(kshim_card &card);

    std::vector<std::unique_ptr<kshim_card>> cards_;
};

} // namespace xen_front::fake

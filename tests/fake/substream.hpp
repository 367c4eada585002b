// SPDX-License-Identifier: GPL-2.0-only
// A PCM substream as ALSA's core sees it. README.md says which kernels it was compared with.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kshim/pcm.h"

struct kshim_pcm;
struct kshim_substream;

namespace xen_front::fake {

struct PcmAction;

enum class PcmState : uint8_t {
    Open,
    Setup,
    Prepared,
    Running,
    Xrun,
    Draining,
    Paused,
    Disconnected,
};

const char *name_of(PcmState state);

// What the core keeps of an open substream (struct snd_pcm_runtime). Pointers are in frames, below
// the boundary; times in jiffies, which wrap.
struct PcmRuntime {
    PcmState state = PcmState::Open;
    kshim_pcm_hardware hardware = {};
    std::vector<uint32_t> rates; // of the hardware
    bool has_params = false;
    bool has_info = false; // what the hardware can do, known from the first hw_params on
    bool is_setting_params = false; // in .hw_params: not in force yet
    kshim_pcm_params params = {};
    bool no_period_wakeup = false; // the application wants no period interrupts
    unsigned int min_align = 1; // frames that fill whole bytes

    char *buffer = nullptr; // dma_area
    size_t buffer_bytes = 0;
    int buffer_accessing = 0; // above 0: being copied; below: hw_params, hw_free or prepare

    uint64_t hw_ptr = 0;
    uint64_t hw_ptr_base = 0; // where the buffer begins that hw_ptr is in
    uint64_t hw_ptr_interrupt = 0; // the last period boundary
    uint64_t hw_ptr_jiffies = 0; // when the core last looked at the position
    uint64_t hw_ptr_buffer_jiffies = 0; // what a buffer takes
    uint64_t appl_ptr = 0;
    int64_t delay = 0; // what the driver adds to the delay, in frames

    uint64_t start_threshold = 1;
    uint64_t stop_threshold = 0;
    uint64_t avail_min = 0;
    uint64_t silence_threshold = 0;
    uint64_t silence_size = 0;
    uint64_t silence_start = 0;
    uint64_t silence_filled = 0;

    uint64_t wakeup_avail = 0; // what a blocked reader or writer waits for; 0: there is none
    unsigned int wait_limit_ms = 0; // of a blocked reader or writer; 0: the core's own
    uint64_t sleep_wakeups = 0; // of poll() and of drain
    uint64_t transfer_wakeups = 0; // of a blocked reader or writer
    bool is_stop_operating = false; // .sync_stop is due
    const kshim_substream *trigger_master = nullptr;
};

// Linked substreams, those that joined last first.
struct PcmGroup {
    std::vector<kshim_substream *> members;
    char lock = 0; // its address is the lock
};

} // namespace xen_front::fake

// The sections say which functions are called with the stream lock held.
struct kshim_substream {
    kshim_substream(kshim_pcm &pcm, kshim_direction direction, unsigned int number)
        : pcm(pcm), direction(direction), number(number)
    {
    }
    kshim_substream(const kshim_substream &) = delete;
    kshim_substream &operator=(const kshim_substream &) = delete;

    kshim_pcm &pcm;
    const kshim_direction direction;
    const unsigned int number;
    std::string name;

    bool is_attached = false; // an application has it, or is about to
    bool is_mapped = false; // its buffer, into an application
    void *stream = nullptr; // the driver's
    xen_front::fake::PcmRuntime runtime;

    // Counts for tests, since open.
    uint64_t periods_elapsed = 0;
    uint64_t wakeups = 0; // of callers that wait for frames
    uint64_t xruns = 0;
    std::vector<kshim_trigger> triggers;

    bool is_playback() const
    {
        return direction == KSHIM_PLAYBACK;
    }
    bool is_running() const;
    // Runs @body with the stream lock held.
    void with_lock(const std::function<void()> &body);
    bool is_locked() const;

    // Frames that an application can write or read.
    uint64_t avail() const;
    // Frames that were written and not played, or the room for recording. Negative when a
    // free-wheeling stream is more than a buffer ahead of its application.
    int64_t hw_avail() const;
    // Frames that were written and not played.
    uint64_t queued() const;
    // What SNDRV_PCM_IOCTL_DELAY returns.
    int64_t total_delay() const;

    // ---- stream lock held; 0 or a negative errno ----

    int update_hw_ptr(bool is_in_interrupt);
    int update_state();
    int move_appl_ptr(uint64_t appl_ptr);
    void fill_with_silence(std::optional<uint64_t> new_hw_ptr);
    // These act on all linked substreams.
    int start();
    void stop(xen_front::fake::PcmState state);
    void xrun();
    int pause(bool is_push);
    int init_drain();
    // These act on this substream alone.
    void end_drain();
    int trigger(kshim_trigger command);
    void wake_all();

    // ---- no lock held ----

    void period_elapsed();
    void sync_stop();
    // May sleep.
    int prepare();
    int reset();
    int link(kshim_substream &other);
    int unlink();
    // Blocks copying; false when an application copies now.
    bool block_buffer_access();
    void unblock_buffer_access();

    // nullptr: not linked.
    std::shared_ptr<xen_front::fake::PcmGroup> group;

  private:
    int act(const xen_front::fake::PcmAction &action);
    int act_sleeping(const xen_front::fake::PcmAction &action);
    int act_alone(const xen_front::fake::PcmAction &action);
    int act_on_group(const xen_front::fake::PcmAction &action, bool is_sleeping);
    static int reset_pointers(kshim_substream &substream);

    void add_buffer(uint64_t &pointer) const;
    uint64_t distance(uint64_t from, uint64_t to) const;
    void guess_lost_buffers(uint64_t &base, uint64_t delta, uint64_t jiffies) const;
    uint64_t silence_up_to_threshold(uint64_t hw_ptr);
    uint64_t silence_what_was_played(std::optional<uint64_t> new_hw_ptr);
    void pass_silence(uint64_t from, uint64_t to);

    char lock_ = 0; // its address is the lock
    char buffer_mutex_ = 0; // likewise
};

namespace xen_front::fake {

// Of a kernel with HZ=250.
inline constexpr uint64_t jiffies_per_second = 250;
uint64_t current_jiffies();

// What the core does with a substream, or with all that are linked, one step after the other.
struct PcmAction {
    std::function<int(kshim_substream &)> before; // an error ends the action
    std::function<int(kshim_substream &)> carry_out;
    std::function<void(kshim_substream &)> undo; // may be empty
    std::function<void(kshim_substream &)> after;
};

} // namespace xen_front::fake

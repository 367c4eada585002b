// SPDX-License-Identifier: GPL-2.0-only
// A PCM substream as ALSA's core sees it: sound/core/pcm_lib.c and pcm_native.c of the kernel, as
// far as a driver can notice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kshim/pcm.h"

struct kshim_pcm;

namespace xen_front::fake {

enum class PcmState : uint8_t {
    Open,
    Setup,
    Prepared,
    Running,
    Xrun,
    Draining,
    Paused,
    Suspended,
    Disconnected,
};

const char *name_of(PcmState state);

// What the core keeps of an open substream. Pointers are in frames, below the boundary.
struct PcmRuntime {
    PcmState state = PcmState::Open;
    PcmState suspended_state = PcmState::Open; // what RESUME goes back to
    kshim_pcm_hardware hardware = {};
    std::vector<uint32_t> rates; // of the hardware
    bool has_params = false;
    bool is_setting_params = false; // in .hw_params: not in force yet
    kshim_pcm_params params = {};
    unsigned int min_align = 1; // frames that fill whole bytes

    char *buffer = nullptr; // dma_area
    size_t buffer_bytes = 0;

    uint64_t hw_ptr = 0;
    uint64_t hw_ptr_base = 0; // where the buffer begins that hw_ptr is in
    uint64_t hw_ptr_interrupt = 0; // the last period boundary
    uint64_t hw_ptr_ticks = 0; // when hw_ptr was updated
    uint64_t appl_ptr = 0;

    uint64_t start_threshold = 1;
    uint64_t stop_threshold = 0;
    uint64_t avail_min = 0;
    uint64_t wakeup_avail = 0; // what a blocked call waits for; 0: none
    unsigned int wait_limit_ms = 0; // of a blocked reader or writer; 0: the core's own
    bool is_stop_operating = false; // .sync_stop is due
};

} // namespace xen_front::fake

// Every function that is not the application's is called with the stream lock held.
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
    void *stream = nullptr; // the driver's
    xen_front::fake::PcmRuntime runtime;

    // Counts for tests, since open.
    uint64_t periods_elapsed = 0;
    uint64_t wakeups = 0; // of whoever waits for frames
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
    // Frames that were written and not played.
    uint64_t queued() const;

    // ---- stream lock held; 0 or a negative errno ----

    int update_hw_ptr(bool is_in_interrupt);
    int update_state();
    int move_appl_ptr(uint64_t appl_ptr);
    int start();
    void stop(xen_front::fake::PcmState state);
    void xrun();
    int trigger(kshim_trigger command);

    // ---- no lock held ----

    void period_elapsed();
    void sync_stop();
    // Before the guest sleeps.
    void suspend();

  private:
    void add_buffer(uint64_t &pointer) const;
    uint64_t distance(uint64_t from, uint64_t to) const;

    char lock_ = 0; // its address is the lock
};

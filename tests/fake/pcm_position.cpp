// SPDX-License-Identifier: GPL-2.0-only
// Where the core believes that the hardware is: snd_pcm_update_hw_ptr0() of pcm_lib.c, and what
// follows from it.
#include <cerrno>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/entry.h"

using namespace xen_front::fake;

void kshim_substream::add_buffer(uint64_t &pointer) const
{
    pointer += runtime.params.buffer_frames;
    if (pointer >= runtime.params.boundary)
        pointer = 0;
}

// Without period interrupts the core compares the position with the time that has passed: where
// that is more than the position explains, the core adds whole buffers.
void kshim_substream::guess_lost_buffers(uint64_t &base, uint64_t delta, uint64_t jiffies) const
{
    const uint64_t passed = jiffies - runtime.hw_ptr_jiffies;
    if (passed < runtime.hw_ptr_buffer_jiffies / 2)
        return;
    auto unexplained =
        static_cast<int64_t>(passed - delta * jiffies_per_second / runtime.params.rate);
    const auto tolerance = static_cast<int64_t>(runtime.hw_ptr_buffer_jiffies / 2 + 1);
    while (unexplained > tolerance) {
        if (runtime.hw_ptr_buffer_jiffies == 0) {
            // The kernel's loop does not end here, with interrupts off.
            report_fault("ALSA: no_period_wakeup with a buffer below a jiffy never ends");
            break;
        }
        add_buffer(base);
        unexplained -= static_cast<int64_t>(runtime.hw_ptr_buffer_jiffies);
    }
}

int kshim_substream::update_hw_ptr(bool is_in_interrupt)
{
    const kshim_pcm_params &params = runtime.params;
    uint32_t position = xen_front_pcm_pointer(stream);
    const uint64_t jiffies = current_jiffies();
    // The shim keeps the core from guessing: see pcm_pointer() in src/shim/pcm.c.
    runtime.hw_ptr_buffer_jiffies = std::numeric_limits<int64_t>::max();
    if (position >= params.buffer_frames) {
        report_fault("ALSA: invalid position " + std::to_string(position) + ", buffer size " +
                     std::to_string(params.buffer_frames));
        position = 0;
    }
    position -= position % runtime.min_align;

    uint64_t base = runtime.hw_ptr_base;
    uint64_t hw_ptr = base + position;
    // The interrupt came before the end of a period. If enough time has passed, the core takes it
    // that a whole buffer was played.
    const bool is_early =
        is_in_interrupt && runtime.hw_ptr_interrupt + params.period_frames > hw_ptr;
    const auto passed = static_cast<int64_t>(jiffies - runtime.hw_ptr_jiffies);
    if (is_early && passed > static_cast<int64_t>(runtime.hw_ptr_buffer_jiffies / 2 + 1))
        add_buffer(base);
    else if (hw_ptr < runtime.hw_ptr)
        add_buffer(base);
    hw_ptr = base + position;

    const uint64_t delta = distance(runtime.hw_ptr, hw_ptr);
    if (runtime.no_period_wakeup) {
        guess_lost_buffers(base, delta, jiffies);
        hw_ptr = base + position;
    } else if (delta >= uint64_t { params.buffer_frames } + params.period_frames) {
        report_fault("ALSA: unexpected hw_ptr, " + std::to_string(delta) + " frames on");
        return 0;
    }
    if (hw_ptr == runtime.hw_ptr) {
        runtime.hw_ptr_jiffies = jiffies;
        return 0;
    }
    if (is_playback() && runtime.silence_size > 0)
        fill_with_silence(hw_ptr);
    if (is_in_interrupt) {
        const uint64_t since = distance(runtime.hw_ptr_interrupt, hw_ptr);
        runtime.hw_ptr_interrupt += since - since % params.period_frames;
        if (runtime.hw_ptr_interrupt >= params.boundary)
            runtime.hw_ptr_interrupt -= params.boundary;
    }
    runtime.hw_ptr_base = base;
    runtime.hw_ptr = hw_ptr;
    runtime.hw_ptr_jiffies = jiffies;
    return update_state();
}

// snd_pcm_update_state()
int kshim_substream::update_state()
{
    const uint64_t available = avail();
    if (runtime.state == PcmState::Draining) {
        if (available >= runtime.params.buffer_frames) {
            end_drain();
            return -EPIPE;
        }
    } else if (available >= runtime.stop_threshold) {
        xrun();
        return -EPIPE;
    }
    if (runtime.wakeup_avail != 0 && available >= runtime.wakeup_avail) {
        runtime.transfer_wakeups++;
        wakeups++;
    } else if (runtime.wakeup_avail == 0 && available >= runtime.avail_min) {
        runtime.sleep_wakeups++;
        wakeups++;
    }
    return 0;
}

// snd_pcm_period_elapsed()
void kshim_substream::period_elapsed()
{
    with_lock([this] {
        periods_elapsed++;
        if (is_running())
            update_hw_ptr(true);
    });
}

// SPDX-License-Identifier: GPL-2.0-only
#include "fake/substream.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "fake/sample_layout.hpp"
#include "kshim/entry.h"

using namespace xen_front::fake;

namespace xen_front::fake {

uint64_t current_jiffies()
{
    return static_cast<uint64_t>(Kernel::current().timeline.now() / std::chrono::milliseconds(4));
}

const char *name_of(PcmState state)
{
    constexpr const char *names[] = { "OPEN", "SETUP",    "PREPARED", "RUNNING",
                                      "XRUN", "DRAINING", "PAUSED",   "DISCONNECTED" };
    return names[static_cast<unsigned int>(state)];
}

} // namespace xen_front::fake

bool kshim_substream::is_running() const
{
    return runtime.state == PcmState::Running ||
           (runtime.state == PcmState::Draining && is_playback());
}

void kshim_substream::with_lock(const std::function<void()> &body)
{
    const HeldLock held(Kernel::current().context, &lock_, LockKind::Spin, "stream");
    body();
}

bool kshim_substream::is_locked() const
{
    return Kernel::current().context.holds(&lock_);
}

uint64_t kshim_substream::distance(uint64_t from, uint64_t to) const
{
    return to >= from ? to - from : to + runtime.params.boundary - from;
}

uint64_t kshim_substream::avail() const
{
    if (!is_playback())
        return distance(runtime.appl_ptr, runtime.hw_ptr);
    const int64_t used = static_cast<int64_t>(runtime.appl_ptr - runtime.hw_ptr);
    int64_t avail = runtime.params.buffer_frames - used;
    const auto boundary = static_cast<int64_t>(runtime.params.boundary);
    if (avail < 0)
        avail += boundary;
    else if (avail >= boundary)
        avail -= boundary;
    return static_cast<uint64_t>(avail);
}

int64_t kshim_substream::hw_avail() const
{
    return static_cast<int64_t>(runtime.params.buffer_frames - avail());
}

uint64_t kshim_substream::queued() const
{
    return static_cast<uint64_t>(std::max<int64_t>(hw_avail(), 0));
}

int64_t kshim_substream::total_delay() const
{
    return (is_playback() ? hw_avail() : static_cast<int64_t>(avail())) + runtime.delay;
}

int kshim_substream::trigger(kshim_trigger command)
{
    triggers.push_back(command);
    return xen_front_pcm_trigger(stream, command);
}

int kshim_substream::move_appl_ptr(uint64_t appl_ptr)
{
    const uint64_t before = runtime.appl_ptr;
    if (appl_ptr == before)
        return 0;
    if (appl_ptr >= runtime.params.boundary)
        return -EINVAL;
    if (is_playback() && Kernel::current().sound.info.no_rewinds &&
        distance(before, appl_ptr) > runtime.params.buffer_frames)
        return -EINVAL;
    runtime.appl_ptr = appl_ptr;
    const int status = xen_front_pcm_ack(stream);
    if (status < 0) {
        runtime.appl_ptr = before;
        if (status == -EPIPE)
            xrun();
        return status;
    }
    return 0;
}

void kshim_substream::wake_all()
{
    runtime.sleep_wakeups++;
    runtime.transfer_wakeups++;
    wakeups++;
}

void kshim_substream::sync_stop()
{
    if (!runtime.is_stop_operating)
        return;
    runtime.is_stop_operating = false;
    xen_front_pcm_sync_stop(stream);
}

namespace {

// A substream that is open, for the shim's functions.
bool is_open(const kshim_substream *substream, const char *what)
{
    if (substream->is_attached)
        return true;
    report_fault(std::string(what) + " of a substream that is not open");
    return false;
}

void require_lockless(const char *what)
{
    Kernel::current().context.require_no_lock_of(ring_lock_class, what);
}

} // namespace

int kshim_pcm_constrain(kshim_substream *substream, const kshim_pcm_hardware *hardware)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_pcm_constrain()");
    if (!is_open(substream, "kshim_pcm_constrain()"))
        return -ENXIO;
    if (hardware->rate_count == 0 || hardware->channels_min == 0 || hardware->formats == 0)
        report_fault("kshim_pcm_constrain() leaves nothing to choose from");
    if (kernel.injector.is_failing("kshim_pcm_constrain", -ENOMEM))
        return -ENOMEM;
    substream->runtime.hardware = *hardware;
    substream->runtime.rates.assign(hardware->rates, hardware->rates + hardware->rate_count);
    return 0;
}

void kshim_pcm_get_params(kshim_substream *substream, kshim_pcm_params *params)
{
    const PcmRuntime &runtime = substream->runtime;
    if (!is_open(substream, "kshim_pcm_get_params()"))
        return;
    if (!runtime.has_params || runtime.is_setting_params)
        report_fault("kshim_pcm_get_params() before there are any in force");
    *params = runtime.params;
    params->has_no_period_wakeup = runtime.no_period_wakeup;
}

void kshim_pcm_set_buffer(kshim_substream *substream, void *address, size_t bytes)
{
    if (!is_open(substream, "kshim_pcm_set_buffer()"))
        return;
    if (substream->is_running())
        report_fault("kshim_pcm_set_buffer() of a running stream");
    if (substream->is_mapped)
        report_fault("kshim_pcm_set_buffer() of a mapped buffer");
    substream->runtime.buffer = static_cast<char *>(address);
    substream->runtime.buffer_bytes = bytes;
}

bool kshim_pcm_is_mapped(kshim_substream *substream)
{
    return is_open(substream, "kshim_pcm_is_mapped()") && substream->is_mapped;
}

void kshim_pcm_wait_without_limit(kshim_substream *substream)
{
    if (is_open(substream, "kshim_pcm_wait_without_limit()"))
        substream->runtime.wait_limit_ms = UINT_MAX;
}

void kshim_pcm_synchronize(kshim_substream *substream)
{
    require_lockless("kshim_pcm_synchronize()");
    if (is_open(substream, "kshim_pcm_synchronize()"))
        substream->with_lock([] {});
}

void kshim_pcm_wake_drain(kshim_substream *substream)
{
    require_lockless("kshim_pcm_wake_drain()");
    if (is_open(substream, "kshim_pcm_wake_drain()"))
        substream->runtime.sleep_wakeups++;
}

kshim_pcm_mode kshim_pcm_get_mode(kshim_substream *substream)
{
    if (!is_open(substream, "kshim_pcm_get_mode()"))
        return {};
    const PcmRuntime &runtime = substream->runtime;
    return {
        .is_draining = runtime.state == PcmState::Draining,
        .is_unstoppable = runtime.stop_threshold > runtime.params.buffer_frames,
    };
}

kshim_pcm_progress kshim_pcm_get_progress(kshim_substream *substream)
{
    if (!is_open(substream, "kshim_pcm_get_progress()"))
        return {};
    const PcmRuntime &runtime = substream->runtime;
    if (!runtime.has_params)
        report_fault("kshim_pcm_get_progress() before there are parameters");
    // The nearer way round the boundary.
    const auto boundary = static_cast<int64_t>(runtime.params.boundary);
    auto queued = static_cast<int64_t>(runtime.appl_ptr - runtime.hw_ptr);
    if (queued > boundary / 2)
        queued -= boundary;
    else if (queued < -(boundary / 2))
        queued += boundary;
    return {
        .queued_frames = substream->is_playback() ? queued : -queued,
        .is_unstoppable = kshim_pcm_get_mode(substream).is_unstoppable,
    };
}

bool kshim_pcm_has_run_out(kshim_substream *substream)
{
    return is_open(substream, "kshim_pcm_has_run_out()") &&
           substream->avail() >= substream->runtime.stop_threshold;
}

void kshim_pcm_fill_silence(kshim_substream *substream, unsigned int offset, unsigned int frames)
{
    const PcmRuntime &runtime = substream->runtime;
    const kshim_pcm_params &params = runtime.params;
    if (!runtime.has_params || uint64_t { offset } + frames > params.buffer_frames) {
        report_fault("kshim_pcm_fill_silence() outside of the buffer");
        return;
    }
    const size_t start = size_t { offset } * params.frame_bits / 8;
    const size_t end = start + size_t { frames } * params.frame_bits / 8;
    for (size_t i = start; i < end; i++)
        runtime.buffer[i] = static_cast<char>(silence_byte(params.format, i - start));
}

void kshim_pcm_set_delay(kshim_substream *substream, unsigned int frames)
{
    if (is_open(substream, "kshim_pcm_set_delay()"))
        substream->runtime.delay = frames;
}

void kshim_pcm_period_elapsed(kshim_substream *substream)
{
    require_lockless("kshim_pcm_period_elapsed()");
    if (is_open(substream, "kshim_pcm_period_elapsed()"))
        substream->period_elapsed();
}

void kshim_pcm_stop_xrun(kshim_substream *substream)
{
    require_lockless("kshim_pcm_stop_xrun()");
    if (!is_open(substream, "kshim_pcm_stop_xrun()"))
        return;
    substream->with_lock([substream] {
        if (substream->is_running())
            substream->xrun();
        const PcmState state = substream->runtime.state;
        if (state == PcmState::Prepared || state == PcmState::Paused)
            substream->stop(PcmState::Xrun);
    });
}

void kshim_pcm_stop_failed(kshim_substream *substream)
{
    require_lockless("kshim_pcm_stop_failed()");
    if (!is_open(substream, "kshim_pcm_stop_failed()"))
        return;
    substream->with_lock([substream] {
        const PcmState state = substream->runtime.state;
        if (substream->is_running() || state == PcmState::Prepared || state == PcmState::Paused)
            substream->stop(PcmState::Xrun);
        if (state == PcmState::Open)
            return;
        substream->runtime.state = PcmState::Disconnected;
        substream->wake_all();
    });
}

// SPDX-License-Identifier: GPL-2.0-only
// Start, stop, pause and drain, as the actions of pcm_native.c.
#include <cerrno>

#include "fake/kernel.hpp"

using namespace xen_front::fake;

namespace {

bool is_master(const kshim_substream &substream)
{
    return substream.runtime.trigger_master == &substream;
}

void become_master(kshim_substream &substream)
{
    substream.runtime.trigger_master = &substream;
}

// snd_pcm_trigger_tstamp(): a stream that drains a second time becomes master again by that.
void resign(kshim_substream &substream)
{
    substream.runtime.trigger_master = nullptr;
}

// ---- start ----

int before_start(kshim_substream &substream)
{
    const PcmRuntime &runtime = substream.runtime;
    if (runtime.state != PcmState::Prepared)
        return -EBADFD;
    if (Kernel::current().sound.kernel_release >= Release::Linux7_3 && runtime.buffer_accessing < 0)
        return -EBADFD;
    // snd_pcm_playback_data(): a free-wheeling stream needs no frames.
    if (substream.is_playback() && runtime.stop_threshold < runtime.params.boundary &&
        substream.avail() >= runtime.params.buffer_frames)
        return -EPIPE;
    become_master(substream);
    return 0;
}

int do_start(kshim_substream &substream)
{
    if (!is_master(substream))
        return 0;
    const int status = substream.trigger(KSHIM_TRIGGER_START);
    Kernel::current().sound.behind_start();
    if (status == -EPIPE && Kernel::current().sound.kernel_release >= Release::Linux6_12)
        substream.runtime.state = PcmState::Xrun;
    return status;
}

void undo_start(kshim_substream &substream)
{
    if (!is_master(substream))
        return;
    // The shim's name for STOP of what is prepared.
    substream.trigger(substream.runtime.state == PcmState::Prepared ? KSHIM_TRIGGER_UNDO_START
                                                                    : KSHIM_TRIGGER_STOP);
    substream.runtime.is_stop_operating = true;
}

void after_start(kshim_substream &substream, PcmState state)
{
    PcmRuntime &runtime = substream.runtime;
    resign(substream);
    runtime.hw_ptr_jiffies = current_jiffies();
    runtime.hw_ptr_buffer_jiffies =
        uint64_t { runtime.params.buffer_frames } * jiffies_per_second / runtime.params.rate;
    runtime.state = state;
    if (substream.is_playback() && runtime.silence_size > 0)
        substream.fill_with_silence(std::nullopt);
}

// ---- stop ----

int before_stop(kshim_substream &substream)
{
    if (substream.runtime.state == PcmState::Open)
        return -EBADFD;
    become_master(substream);
    return 0;
}

int do_stop(kshim_substream &substream)
{
    if (is_master(substream) && substream.is_running()) {
        substream.trigger(KSHIM_TRIGGER_STOP);
        substream.runtime.is_stop_operating = true;
    }
    return 0;
}

void after_stop(kshim_substream &substream, PcmState state)
{
    if (substream.runtime.state != state) {
        resign(substream);
        substream.runtime.state = state;
    }
    substream.wake_all();
}

PcmAction stop_action(PcmState state)
{
    return { before_stop, do_stop, nullptr, [state](kshim_substream &substream) {
                after_stop(substream, state);
            } };
}

// ---- drain ----

int before_drain(kshim_substream &substream)
{
    switch (substream.runtime.state) {
    case PcmState::Open:
    case PcmState::Disconnected:
        return -EBADFD;
    default:
        become_master(substream);
        return 0;
    }
}

void begin_drain_of_playback(kshim_substream &substream)
{
    PcmRuntime &runtime = substream.runtime;
    switch (runtime.state) {
    case PcmState::Prepared:
        if (substream.avail() >= runtime.params.buffer_frames) {
            runtime.state = PcmState::Setup;
            break;
        }
        // The core does not look at what the driver returns.
        do_start(substream);
        after_start(substream, PcmState::Draining);
        break;
    case PcmState::Running:
        runtime.state = PcmState::Draining;
        break;
    case PcmState::Xrun:
        runtime.state = PcmState::Setup;
        break;
    default:
        break;
    }
}

int do_drain(kshim_substream &substream)
{
    if (substream.is_playback()) {
        begin_drain_of_playback(substream);
    } else if (substream.runtime.state == PcmState::Running) {
        do_stop(substream);
        after_stop(substream, substream.avail() > 0 ? PcmState::Draining : PcmState::Setup);
    }
    // Not when the drain has started or stopped the stream: it is not master any more then.
    if (substream.runtime.state == PcmState::Draining && is_master(substream) &&
        Kernel::current().sound.info.drain_trigger)
        return substream.trigger(KSHIM_TRIGGER_DRAIN);
    return 0;
}

void do_nothing(kshim_substream & /*substream*/)
{
}

} // namespace

int kshim_substream::start()
{
    return act({ before_start, do_start, undo_start, [](kshim_substream &substream) {
                    after_start(substream, PcmState::Running);
                } });
}

void kshim_substream::stop(PcmState state)
{
    act(stop_action(state));
}

// snd_pcm_drain_done()
void kshim_substream::end_drain()
{
    act_alone(stop_action(PcmState::Setup));
}

// __snd_pcm_xrun()
void kshim_substream::xrun()
{
    xruns++;
    stop(PcmState::Xrun);
}

int kshim_substream::pause(bool is_push)
{
    const kshim_trigger commands[] = { KSHIM_TRIGGER_PAUSE_RELEASE, KSHIM_TRIGGER_PAUSE_PUSH };
    return act({ [is_push](kshim_substream &substream) {
                    if (!substream.runtime.has_info || !Kernel::current().sound.info.pause)
                        return -ENOSYS;
                    if (substream.runtime.state != (is_push ? PcmState::Running : PcmState::Paused))
                        return -EBADFD;
                    become_master(substream);
                    return 0;
                },
                 [&](kshim_substream &substream) {
                     if (!is_master(substream))
                         return 0;
                     if (is_push && Kernel::current().sound.kernel_release < Release::Linux6_12)
                         substream.update_hw_ptr(false);
                     // A thousand seconds ago: the next update finds that much time has passed.
                     substream.runtime.hw_ptr_jiffies =
                         current_jiffies() - jiffies_per_second * 1000;
                     return substream.trigger(commands[is_push]);
                 },
                 [&](kshim_substream &substream) {
                     if (is_master(substream))
                         substream.trigger(commands[!is_push]);
                 },
                 [is_push](kshim_substream &substream) {
                     resign(substream);
                     substream.runtime.state = is_push ? PcmState::Paused : PcmState::Running;
                     if (is_push)
                         substream.wake_all();
                 } });
}

int kshim_substream::init_drain()
{
    return act({ before_drain, do_drain, nullptr, do_nothing });
}

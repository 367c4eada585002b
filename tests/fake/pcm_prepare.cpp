// SPDX-License-Identifier: GPL-2.0-only
// Prepare and reset, as the actions of pcm_native.c.
#include <cerrno>

#include "fake/kernel.hpp"
#include "kshim/entry.h"

using namespace xen_front::fake;

namespace {

int before_prepare(kshim_substream &substream)
{
    const PcmState state = substream.runtime.state;
    if (state == PcmState::Open || state == PcmState::Disconnected)
        return -EBADFD;
    return substream.is_running() ? -EBUSY : 0;
}

int before_reset(kshim_substream &substream)
{
    switch (substream.runtime.state) {
    case PcmState::Running:
    case PcmState::Prepared:
    case PcmState::Paused:
        return 0;
    default:
        return -EBADFD;
    }
}

} // namespace

// snd_pcm_do_reset(), with what snd_pcm_lib_ioctl() does for it.
int kshim_substream::reset_pointers(kshim_substream &substream)
{
    PcmRuntime &runtime = substream.runtime;
    substream.with_lock([&] {
        if (substream.is_running() && substream.update_hw_ptr(false) >= 0)
            runtime.hw_ptr %= runtime.params.buffer_frames;
        else
            runtime.hw_ptr = 0;
    });
    substream.with_lock([&] {
        runtime.hw_ptr_base = 0;
        runtime.hw_ptr_interrupt = runtime.hw_ptr - runtime.hw_ptr % runtime.params.period_frames;
        runtime.silence_start = runtime.hw_ptr;
        runtime.silence_filled = 0;
    });
    return 0;
}

int kshim_substream::reset()
{
    return act_sleeping({ before_reset, reset_pointers, nullptr, [](kshim_substream &substream) {
                             substream.with_lock([&] {
                                 PcmRuntime &runtime = substream.runtime;
                                 // .ack is not called: the driver does not hear of it.
                                 runtime.appl_ptr = runtime.hw_ptr;
                                 if (substream.is_playback() && runtime.silence_size > 0)
                                     substream.fill_with_silence(std::nullopt);
                             });
                         } });
}

int kshim_substream::prepare()
{
    with_lock([this] {
        const bool is_paused = runtime.state == PcmState::Paused;
        if (is_paused)
            pause(false);
        if (is_paused)
            stop(PcmState::Setup);
    });
    return act_sleeping({ before_prepare,
                          [](kshim_substream &substream) {
                              substream.sync_stop();
                              const int status = xen_front_pcm_prepare(substream.stream);
                              return status < 0 ? status : reset_pointers(substream);
                          },
                          nullptr,
                          [](kshim_substream &substream) {
                              PcmRuntime &runtime = substream.runtime;
                              runtime.appl_ptr = runtime.hw_ptr;
                              substream.with_lock([&runtime] {
                                  if (runtime.state != PcmState::Disconnected)
                                      runtime.state = PcmState::Prepared;
                              });
                          } });
}

// SPDX-License-Identifier: GPL-2.0-only
// ALSA's part of the kernel of real threads: which lock is held when, and what happens to a card
// that goes while it is open.
#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "kshim/card.h"
#include "kshim/entry.h"
#include "threads/kernel.hpp"

namespace xen_front::threads {

kshim_card *Kernel::lock_card(std::unique_lock<std::mutex> &guard)
{
    const std::lock_guard look(card_lock_);
    if (card_ != nullptr)
        guard = std::unique_lock(card_->open_mutex);
    return card_;
}

void Kernel::show(kshim_card *card)
{
    const std::lock_guard guard(card_lock_);
    card_ = card;
}

void Kernel::hide(kshim_card *card)
{
    const std::lock_guard guard(card_lock_);
    if (card_ == card)
        card_ = nullptr;
}

void put(kshim_card *card)
{
    if (--card->users != 0)
        return;
    xen_front_card_released(card->context);
    delete card;
}

} // namespace xen_front::threads

using namespace xen_front::threads;

int kshim_card_create(kshim_xenbus_device *, const kshim_card_names *, void *context,
                      kshim_card **card)
{
    *card = new kshim_card();
    (*card)->context = context;
    return 0;
}

int kshim_card_register(kshim_card *card)
{
    Kernel::instance().show(card);
    return 0;
}

void kshim_card_disconnect(kshim_card *card)
{
    Kernel::instance().hide(card);
    const std::lock_guard guard(card->open_mutex);
    card->is_disconnected = true;
    for (kshim_substream *substream : card->substreams) {
        const std::lock_guard lock(substream->lock);
        substream->is_stopped = true;
        if (std::exchange(substream->is_running, false))
            xen_front_pcm_trigger(substream->stream, KSHIM_TRIGGER_STOP);
    }
}

void kshim_card_release(kshim_card *card)
{
    kshim_card_disconnect(card);
    put(card);
}

unsigned int kshim_pcm_devices_max(void)
{
    return 32;
}

int kshim_pcm_create(kshim_card *card, unsigned int, const char *, unsigned int, unsigned int,
                     void *context, kshim_pcm **pcm)
{
    card->pcm_context = context;
    *pcm = reinterpret_cast<kshim_pcm *>(card);
    return 0;
}

void kshim_pcm_name_substream(kshim_pcm *, kshim_direction, unsigned int, const char *)
{
}

int kshim_pcm_add_channel_maps(kshim_pcm *, kshim_direction, unsigned int)
{
    return 0;
}

int kshim_pcm_constrain(kshim_substream *, const kshim_pcm_hardware *)
{
    return 0;
}

void kshim_pcm_get_params(kshim_substream *substream, kshim_pcm_params *params)
{
    *params = substream->params;
}

void kshim_pcm_set_buffer(kshim_substream *, void *, size_t)
{
}

kshim_pcm_mode kshim_pcm_get_mode(kshim_substream *)
{
    return {};
}

kshim_pcm_progress kshim_pcm_get_progress(kshim_substream *substream)
{
    kshim_pcm_progress progress = {};
    progress.queued_frames =
        static_cast<int64_t>(substream->application_pointer - substream->hardware_pointer);
    return progress;
}

bool kshim_pcm_has_run_out(kshim_substream *)
{
    return false;
}

void kshim_pcm_fill_silence(kshim_substream *, unsigned int, unsigned int)
{
}

void kshim_pcm_set_delay(kshim_substream *, unsigned int)
{
}

bool kshim_pcm_is_mapped(kshim_substream *)
{
    return false;
}

void kshim_pcm_wait_without_limit(kshim_substream *)
{
}

void kshim_pcm_synchronize(kshim_substream *substream)
{
    const std::lock_guard guard(substream->lock);
}

// The application of these tests stops streams, and never drains them.
void kshim_pcm_wake_drain(kshim_substream *)
{
}

void kshim_pcm_period_elapsed(kshim_substream *substream)
{
    // Other threads may run here, and do what must not be possible now.
    std::this_thread::yield();
    const std::lock_guard guard(substream->lock);
    if (!substream->is_running)
        return;
    const uint64_t position = xen_front_pcm_pointer(substream->stream);
    const uint64_t buffer = substream->params.buffer_frames;
    const uint64_t before = substream->hardware_pointer % buffer;
    substream->hardware_pointer += (position + buffer - before) % buffer;
    substream->periods_elapsed++;
}

void kshim_pcm_stop_xrun(kshim_substream *substream)
{
    const std::lock_guard guard(substream->lock);
    substream->is_stopped = true;
    if (std::exchange(substream->is_running, false))
        xen_front_pcm_trigger(substream->stream, KSHIM_TRIGGER_STOP);
}

void kshim_pcm_stop_failed(kshim_substream *substream)
{
    kshim_pcm_stop_xrun(substream);
}

int kshim_control_add(kshim_card *card, kshim_control_kind, const kshim_control_id *,
                      unsigned int channels, void *context, kshim_control **control)
{
    card->controls.emplace_back(context, channels);
    *control = reinterpret_cast<kshim_control *>(context);
    return 0;
}

int kshim_control_remove(kshim_card *, kshim_control *)
{
    return 0;
}

void kshim_control_values_changed(kshim_card *, kshim_control *)
{
}

int kshim_proc_add(kshim_card *card, const char *, void *context)
{
    card->proc_context = context;
    return 0;
}

void kshim_proc_print(kshim_proc_text *text, const char *piece)
{
    text->text += piece;
}

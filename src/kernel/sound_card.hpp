// SPDX-License-Identifier: GPL-2.0-only
// ALSA's card, PCM devices and substreams.
#pragma once

#include "base/result.hpp"
#include "base/strong.hpp"
#include "kernel/xenbus_device.hpp"
#include "kshim/card.h"
#include "kshim/control.h"
#include "kshim/pcm.h"
#include "kshim/proc.h"

namespace xen_front {

// A PCM device of a card. Not an owner: the card is.
class PcmHandle {
  public:
    explicit PcmHandle(kshim_pcm *pcm) : pcm_(pcm)
    {
    }

    // As seen in /proc/asound. Before the card is registered, as for channel maps.
    void name_substream(kshim_direction direction, unsigned int number, const char *name)
    {
        kshim_pcm_name_substream(pcm_, direction, number, name);
    }
    // Standard channel maps for up to @channels_max channels.
    Result<void> add_channel_maps(kshim_direction direction, unsigned int channels_max)
    {
        return Result<void>::from_status(kshim_pcm_add_channel_maps(pcm_, direction, channels_max));
    }

  private:
    kshim_pcm *pcm_;
};

// A mixer control of a card. Not an owner: the card is.
class ControlHandle {
  public:
    ControlHandle() = default;
    ControlHandle(kshim_card *card, kshim_control *control) : card_(card), control_(control)
    {
    }

    explicit operator bool() const
    {
        return control_ != nullptr;
    }
    // Its values are others, though no application has set them. Context: any.
    void values_changed()
    {
        kshim_control_values_changed(card_, control_);
    }
    // Takes it from the card: after that the handle is of no use. TryAgain while an application
    // reads or writes a control. Context: may sleep, with no lock held.
    Result<void> remove()
    {
        return Result<void>::from_status(kshim_control_remove(card_, control_));
    }

  private:
    kshim_card *card_ = nullptr;
    kshim_control *control_ = nullptr;
};

// A card of ours. Destroying it frees it as soon as no application has it open any more.
class SoundCard {
  public:
    SoundCard() = default;
    SoundCard(SoundCard &&other) : card_(exchange(other.card_, nullptr))
    {
    }
    SoundCard &operator=(SoundCard &&other)
    {
        if (this != &other) {
            release();
            card_ = exchange(other.card_, nullptr);
        }
        return *this;
    }
    ~SoundCard()
    {
        release();
    }

    explicit operator bool() const
    {
        return card_ != nullptr;
    }

    // From now on the card owns @context: xen_front_card_released() gets it when the card goes,
    // whatever the reason. On failure the caller keeps it. Context: may sleep.
    static Result<SoundCard> create(XenbusDevice device, const kshim_card_names &names,
                                    void *context)
    {
        kshim_card *card = nullptr;
        TRY(Result<void>::from_status(kshim_card_create(device.handle(), &names, context, &card)));
        return SoundCard(card);
    }

    // How many PCM devices a card can have. Context: any.
    static uint32_t devices_max()
    {
        return kshim_pcm_devices_max();
    }
    // Before the card is registered. @context is for xen_front_pcm_open(). NoMemory. Context: may
    // sleep.
    Result<PcmHandle> add_pcm(unsigned int index, const char *name, unsigned int playback_count,
                              unsigned int capture_count, void *context)
    {
        kshim_pcm *pcm = nullptr;
        TRY(Result<void>::from_status(
            kshim_pcm_create(card_, index, name, playback_count, capture_count, context, &pcm)));
        return PcmHandle(pcm);
    }
    // @context is for xen_front_control_get() and _put(). NoMemory, or Busy when there is a control
    // of that id. Context: may sleep. Once the card is registered as ControlHandle::remove().
    Result<ControlHandle> add_control(kshim_control_kind kind, const kshim_control_id &id,
                                      unsigned int channels, void *context)
    {
        kshim_control *control = nullptr;
        TRY(Result<void>::from_status(
            kshim_control_add(card_, kind, &id, channels, context, &control)));
        return ControlHandle(card_, control);
    }
    // A file in the card's directory of /proc/asound, before the card is registered. @context is
    // for xen_front_card_show(). NoMemory. Context: may sleep.
    Result<void> add_proc_file(const char *name, void *context)
    {
        return Result<void>::from_status(kshim_proc_add(card_, name, context));
    }
    // Makes all of it visible to applications. Busy when ALSA has no minor left for a device.
    // Context: may sleep.
    Result<void> register_with_alsa()
    {
        return Result<void>::from_status(kshim_card_register(card_));
    }
    // Applications' next calls fail. Context: may sleep.
    void disconnect()
    {
        kshim_card_disconnect(card_);
    }

  private:
    explicit SoundCard(kshim_card *card) : card_(card)
    {
    }

    void release()
    {
        if (card_ != nullptr)
            kshim_card_release(exchange(card_, nullptr));
    }

    kshim_card *card_ = nullptr;
};

// A substream that an application has open. Not an owner.
class Substream {
  public:
    Substream() = default;
    explicit Substream(kshim_substream *substream) : substream_(substream)
    {
    }

    explicit operator bool() const
    {
        return substream_ != nullptr;
    }

    // ---- Context: may sleep ----
    Result<void> constrain(const kshim_pcm_hardware &hardware)
    {
        return Result<void>::from_status(kshim_pcm_constrain(substream_, &hardware));
    }
    void set_buffer(void *address, size_t bytes)
    {
        kshim_pcm_set_buffer(substream_, address, bytes);
    }
    bool is_mapped() const
    {
        return kshim_pcm_is_mapped(substream_);
    }
    void wait_without_limit()
    {
        kshim_pcm_wait_without_limit(substream_);
    }
    kshim_pcm_params params() const
    {
        kshim_pcm_params params = {};
        kshim_pcm_get_params(substream_, &params);
        return params;
    }

    // ---- Context: any ----
    kshim_pcm_progress progress() const
    {
        return kshim_pcm_get_progress(substream_);
    }
    kshim_pcm_mode mode() const
    {
        return kshim_pcm_get_mode(substream_);
    }
    bool has_run_out() const
    {
        return kshim_pcm_has_run_out(substream_);
    }
    void fill_silence(Frames offset, Frames count)
    {
        kshim_pcm_fill_silence(substream_, static_cast<unsigned int>(offset.value()),
                               static_cast<unsigned int>(count.value()));
    }

    // ---- Context: .prepare and .pointer ----
    void set_delay(Frames frames)
    {
        kshim_pcm_set_delay(substream_, static_cast<unsigned int>(frames.value()));
    }

    // ---- Context: any, without the ring lock ----
    void period_elapsed()
    {
        kshim_pcm_period_elapsed(substream_);
    }
    void stop_xrun()
    {
        kshim_pcm_stop_xrun(substream_);
    }
    void stop_failed()
    {
        kshim_pcm_stop_failed(substream_);
    }
    void synchronize()
    {
        kshim_pcm_synchronize(substream_);
    }
    void wake_drain()
    {
        kshim_pcm_wake_drain(substream_);
    }

  private:
    kshim_substream *substream_ = nullptr;
};

} // namespace xen_front

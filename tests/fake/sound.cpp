// SPDX-License-Identifier: GPL-2.0-only
#include "fake/sound.hpp"

#include <algorithm>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/entry.h"

using namespace xen_front::fake;

namespace {

// Lengths of the arrays that ALSA keeps names in, with the NUL.
constexpr size_t short_name_size = 32;
// Of which kernels before 7.3 keep one for a separator.
constexpr size_t components_size = 128;
constexpr size_t long_name_size = 80;
constexpr size_t pcm_name_size = 80;
constexpr size_t substream_name_size = 32;

std::string cut(const char *text, size_t size)
{
    return std::string(text).substr(0, size - 1);
}

void for_each_attached(const kshim_pcm &pcm, const std::function<void(kshim_substream &)> &body)
{
    for (const auto &direction : pcm.substreams) {
        for (const auto &substream : direction) {
            if (substream->is_attached)
                body(*substream);
        }
    }
}

} // namespace

kshim_pcm *kshim_card::find_pcm(unsigned int index) const
{
    for (const auto &pcm : pcms) {
        if (pcm->index == index)
            return pcm.get();
    }
    return nullptr;
}

kshim_control *kshim_card::find_control(const std::string &name, unsigned int index) const
{
    for (const auto &control : controls) {
        if (!control->is_removed && control->name == name && control->index == index)
            return control.get();
    }
    return nullptr;
}

std::optional<std::string> kshim_card::read_proc(const std::string &name) const
{
    const auto file = proc_files.find(name);
    if (!is_registered || is_disconnected || file == proc_files.end())
        return std::nullopt;
    kshim_proc_text text;
    xen_front_card_show(file->second, &text);
    return text.text;
}

namespace xen_front::fake {

std::vector<kshim_card *> SoundCore::visible_cards() const
{
    std::vector<kshim_card *> visible;
    for (const auto &card : cards_) {
        if (card->is_registered && !card->is_disconnected)
            visible.push_back(card.get());
    }
    return visible;
}

kshim_card *SoundCore::create(XenbusDevice *device, const kshim_card_names &names, void *context)
{
    auto card = std::make_unique<kshim_card>();
    card->device = device;
    card->short_name = cut(names.short_name, short_name_size);
    card->id = names.id == nullptr ? "" : names.id;
    card->long_name = cut(names.long_name, long_name_size);
    card->components = names.components;
    card->context = context;
    cards_.push_back(std::move(card));
    return cards_.back().get();
}

bool SoundCore::is_usable(const kshim_card *card, const char *what)
{
    if (card != nullptr && !card->is_released)
        return true;
    report_fault(std::string(what) + " of a card that was released");
    return false;
}

void SoundCore::disconnect(kshim_card *card)
{
    if (card->is_disconnected)
        return;
    card->is_disconnected = true;
    Context &context = Kernel::current().context;
    for (const auto &pcm : card->pcms) {
        const HeldLock open(context, &pcm->open_mutex, LockKind::Mutex, "PCM open");
        for_each_attached(*pcm, [](kshim_substream &substream) {
            substream.with_lock([&substream] {
                if (substream.is_running())
                    substream.stop(PcmState::Disconnected);
                substream.runtime.state = PcmState::Disconnected;
                substream.wake_all();
            });
        });
        for_each_attached(*pcm, [](kshim_substream &substream) { substream.sync_stop(); });
    }
}

void SoundCore::release(kshim_card *card)
{
    disconnect(card);
    card->is_released = true;
    free_if_unused(*card);
}

void SoundCore::on_open(kshim_card &card)
{
    card.open_files++;
}

void SoundCore::on_close(kshim_card &card)
{
    card.open_files--;
    free_if_unused(card);
}

void SoundCore::free_if_unused(kshim_card &card)
{
    if (!card.is_released || card.open_files != 0 || card.is_freed)
        return;
    card.is_freed = true;
    Kernel::current().context.require_may_sleep("freeing a card");
    xen_front_card_released(card.context);
}

std::string SoundCore::leaks() const
{
    std::string text;
    for (const auto &card : cards_) {
        if (!card->is_released)
            text += "card " + card->short_name + "\n";
        if (card->open_files != 0)
            text += "open file of card " + card->short_name + "\n";
    }
    return text;
}

} // namespace xen_front::fake

int kshim_card_create(kshim_xenbus_device *device, const kshim_card_names *names, void *context,
                      kshim_card **card)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_card_create()");
    if (kernel.injector.is_failing("kshim_card_create", -ENOMEM))
        return -ENOMEM;
    if (kernel.sound.disabled.contains(names->number))
        return -EPERM;
    if (kernel.sound.has_no_slot)
        return -ENODEV;
    if (std::string(names->components).size() + 2 > components_size)
        return -ENOMEM;
    if (kernel.sound.taken.contains(names->number)) {
        kernel.sound.refused_cards++;
        return -EBUSY;
    }
    *card = kernel.sound.create(device, *names, context);
    return 0;
}

int kshim_card_register(kshim_card *card)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_card_register()");
    if (!SoundCore::is_usable(card, "kshim_card_register()"))
        return -ENODEV;
    if (kernel.injector.is_failing("kshim_card_register", -ENOMEM))
        return -ENOMEM;
    card->is_registered = true;
    return 0;
}

void kshim_card_disconnect(kshim_card *card)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_card_disconnect()");
    kernel.context.require_no_lock_of(ring_lock_class, "kshim_card_disconnect()");
    if (SoundCore::is_usable(card, "kshim_card_disconnect()"))
        SoundCore::disconnect(card);
}

void kshim_card_release(kshim_card *card)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_card_release()");
    if (SoundCore::is_usable(card, "kshim_card_release()"))
        SoundCore::release(card);
}

unsigned int kshim_pcm_devices_max(void)
{
    return Kernel::current().sound.devices_max;
}

int kshim_pcm_create(kshim_card *card, unsigned int index, const char *name,
                     unsigned int playback_count, unsigned int capture_count, void *context,
                     kshim_pcm **result)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_pcm_create()");
    if (!SoundCore::is_usable(card, "kshim_pcm_create()"))
        return -ENODEV;
    if (card->is_registered)
        report_fault("kshim_pcm_create() on a card that is registered already");
    if (kernel.injector.is_failing("kshim_pcm_create", -ENOMEM))
        return -ENOMEM;
    if (card->find_pcm(index) != nullptr)
        return -EBUSY;

    auto pcm = std::make_unique<kshim_pcm>();
    pcm->card = card;
    pcm->index = index;
    pcm->name = cut(name, pcm_name_size);
    pcm->context = context;
    const unsigned int counts[] = { playback_count, capture_count };
    for (const kshim_direction direction : { KSHIM_PLAYBACK, KSHIM_CAPTURE }) {
        for (unsigned int number = 0; number < counts[direction]; number++) {
            pcm->substreams[direction].push_back(
                std::make_unique<kshim_substream>(*pcm, direction, number));
            pcm->substreams[direction].back()->name = "subdevice #" + std::to_string(number);
        }
    }
    card->pcms.push_back(std::move(pcm));
    *result = card->pcms.back().get();
    return 0;
}

void kshim_pcm_name_substream(kshim_pcm *pcm, kshim_direction direction, unsigned int number,
                              const char *name)
{
    const auto &substreams = pcm->substreams[direction];
    if (number < substreams.size())
        substreams[number]->name = cut(name, substream_name_size);
    else
        report_fault("kshim_pcm_name_substream() of a substream that there is not");
}

int kshim_pcm_add_channel_maps(kshim_pcm *pcm, kshim_direction direction, unsigned int channels_max)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_pcm_add_channel_maps()");
    if (pcm->card->is_registered)
        report_fault("kshim_pcm_add_channel_maps() on a card that is registered already");
    if (pcm->substreams[direction].empty())
        report_fault("kshim_pcm_add_channel_maps() for a direction without a substream");
    // The core warns about a second set, and frees only one.
    if (pcm->channel_map_channels[direction] != 0)
        report_fault("kshim_pcm_add_channel_maps() twice");
    if (kernel.injector.is_failing("kshim_pcm_add_channel_maps", -ENOMEM))
        return -ENOMEM;
    pcm->channel_map_channels[direction] = channels_max;
    return 0;
}

int kshim_proc_add(kshim_card *card, const char *name, void *context)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_proc_add()");
    if (!SoundCore::is_usable(card, "kshim_proc_add()"))
        return -ENODEV;
    if (card->is_registered)
        report_fault("kshim_proc_add() on a card that is registered already");
    if (kernel.injector.is_failing("kshim_proc_add", -ENOMEM))
        return -ENOMEM;
    if (!card->proc_files.emplace(name, context).second)
        report_fault("kshim_proc_add() of a file that there is already");
    return 0;
}

void kshim_proc_print(kshim_proc_text *text, const char *piece)
{
    Kernel::current().context.require_may_sleep("kshim_proc_print()");
    text->text += piece;
}

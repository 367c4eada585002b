// SPDX-License-Identifier: GPL-2.0-only
#include "fake/control.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/entry.h"

using namespace xen_front::fake;

namespace {

constexpr const char *controls_lock_class = "card controls";
constexpr size_t name_size = 44;

// Keeps the card, as an open control device does.
class ControlFile {
  public:
    explicit ControlFile(kshim_card &card) : card_(card)
    {
        SoundCore::on_open(card_);
    }
    ~ControlFile()
    {
        SoundCore::on_close(card_);
    }
    ControlFile(const ControlFile &) = delete;
    ControlFile &operator=(const ControlFile &) = delete;

  private:
    kshim_card &card_;
};

bool is_same_id(const kshim_control &left, const kshim_control &right)
{
    return left.name == right.name && left.index == right.index && left.device == right.device &&
           left.substream == right.substream;
}

void require_ours(const kshim_card *card, const kshim_control *control, const char *what)
{
    Kernel::current().context.require_no_lock_of(ring_lock_class, what);
    if (control->card != card || card->is_freed)
        report_fault(std::string(what) + " with a card that it is not on, or that is gone");
}

} // namespace

int kshim_control::read(std::vector<uint32_t> &values)
{
    if (card->is_disconnected)
        return -ENODEV;
    if (is_removed)
        return -ENOENT;
    const ControlFile file(*card);
    const HeldLock held(Kernel::current().context, &card->controls_mutex, LockKind::Mutex,
                        controls_lock_class);
    values.assign(channels, UINT32_MAX);
    xen_front_control_get(context, values.data());
    const uint32_t max = kind == KSHIM_CONTROL_VOLUME ? KSHIM_CONTROL_LEVEL_MAX : 1;
    for (const uint32_t value : values) {
        if (value > max)
            report_fault("ALSA: a control has the value " + std::to_string(value));
    }
    return 0;
}

int kshim_control::write(const std::vector<uint32_t> &values)
{
    if (card->is_disconnected)
        return -ENODEV;
    if (is_removed)
        return -ENOENT;
    if (values.size() != channels)
        report_fault("a control has " + std::to_string(channels) + " channels");
    const uint32_t max = kind == KSHIM_CONTROL_VOLUME ? KSHIM_CONTROL_LEVEL_MAX : 1;
    if (std::any_of(values.begin(), values.end(), [=](uint32_t value) { return value > max; }))
        return -EINVAL;
    const ControlFile file(*card);
    const HeldLock held(Kernel::current().context, &card->controls_mutex, LockKind::Mutex,
                        controls_lock_class);
    const int status = xen_front_control_put(context, values.data());
    if (status > 0)
        value_events++;
    return std::min(status, 0);
}

int kshim_control_add(kshim_card *card, kshim_control_kind kind, const kshim_control_id *id,
                      unsigned int channels, void *context, kshim_control **result)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_control_add()");
    if (!SoundCore::is_usable(card, "kshim_control_add()"))
        return -ENODEV;
    if (card->is_registered)
        kernel.context.require_no_lock("kshim_control_add() to a card that is registered");
    if (channels == 0 || channels > KSHIM_CONTROL_CHANNELS_MAX)
        report_fault("kshim_control_add() with " + std::to_string(channels) + " channels");
    if (std::string(id->name).size() >= name_size)
        report_fault("kshim_control_add() with too long a name");
    if (kernel.context.is_held(&card->controls_mutex))
        return -EAGAIN;
    if (kernel.injector.is_failing("kshim_control_add", -ENOMEM))
        return -ENOMEM;
    auto control = std::make_unique<kshim_control>(kshim_control {
        card, kind, id->name, id->index, id->device, id->substream, channels, context });
    for (const auto &other : card->controls) {
        if (other->is_removed)
            continue;
        if (is_same_id(*other, *control)) {
            kernel.sound.refused_controls++;
            return -EBUSY;
        }
        // Simple mixers know controls by name and index only.
        if (other->name == control->name && other->index == control->index)
            report_fault("two controls are both called " + control->name + ", index " +
                         std::to_string(control->index));
    }
    card->controls.push_back(std::move(control));
    *result = card->controls.back().get();
    return 0;
}

int kshim_control_remove(kshim_card *card, kshim_control *control)
{
    require_ours(card, control, "kshim_control_remove()");
    if (Kernel::current().context.is_held(&card->controls_mutex))
        return -EAGAIN;
    // Applications that read controls may take any time, and xenwatch waits for the driver's locks.
    Kernel::current().context.require_no_lock("kshim_control_remove()");
    const HeldLock held(Kernel::current().context, &card->controls_mutex, LockKind::Mutex,
                        controls_lock_class);
    if (std::exchange(control->is_removed, true))
        report_fault("kshim_control_remove() of a control that is not there");
    return 0;
}

void kshim_control_values_changed(kshim_card *card, kshim_control *control)
{
    require_ours(card, control, "kshim_control_values_changed()");
    Kernel::current().context.require_no_lock("kshim_control_values_changed()");
    control->value_events++;
}

// SPDX-License-Identifier: GPL-2.0-only
// What maintenance and the card's own works do for all of its streams.
#include "driver/card.hpp"
#include "kernel/module.hpp"

namespace xen_front {

Card::Health Card::look(unsigned int give_up_ms)
{
    Health all;
    bool is_any_served = false;
    for (Box<Stream> &stream : streams_) {
        const Stream::Health one = stream->look();
        all.is_refused |= one.is_refused;
        is_any_served |= one.is_served;
        if (one.stalled_since_ms != 0)
            all.stalled_since_ms = sooner(all.stalled_since_ms, one.stalled_since_ms);
        if (one.next_look_ms != 0)
            all.next_look_ms = sooner(all.next_look_ms, one.next_look_ms);
    }
    if (!is_any_served || all.stalled_since_ms == 0)
        return all;
    // Maintenance has no other reason to look at a stalled stream that an application pauses.
    constexpr unsigned int interval_ms = 1000;
    all.next_look_ms = sooner(all.next_look_ms, interval_ms);
    // The backend is there: what it does not go on with ends alone.
    if (give_up_ms != 0) {
        const uint64_t now = now_ms();
        for (Box<Stream> &stream : streams_)
            stream->give_up_if_stalled(now, give_up_ms);
    }
    all.stalled_since_ms = 0;
    return all;
}

void Card::on_drains(void *card)
{
    static_cast<Card *>(card)->wake_drains();
}

void Card::wake_drains()
{
    // A caller of drain() has to be woken in less than 100 ms: see kshim_pcm_wake_drain().
    constexpr unsigned int interval_ms = 50;

    bool is_any_draining = false;
    for (Box<Stream> &stream : streams_)
        is_any_draining |= stream->wake_drain();
    if (is_any_draining)
        drains_.schedule(interval_ms);
}

void Card::on_controls(void *card)
{
    static_cast<Card *>(card)->update_controls();
}

void Card::update_controls()
{
    unsigned int next_try_ms = 0;
    for (Box<Stream> &stream : streams_)
        next_try_ms = sooner(next_try_ms, stream->update_controls(sound_card_));
    if (next_try_ms != 0)
        controls_.schedule(next_try_ms);
}

} // namespace xen_front

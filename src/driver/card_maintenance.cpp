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
        if (one.link == Link::Stalled && one.stalled_since_ms != 0) {
            all.stalled_since_ms = all.is_stalled ? min(all.stalled_since_ms, one.stalled_since_ms)
                                                  : one.stalled_since_ms;
            all.is_stalled = true;
        }
        if (one.next_look_ms != 0)
            all.next_look_ms =
                all.next_look_ms == 0 ? one.next_look_ms : min(all.next_look_ms, one.next_look_ms);
    }
    if (!is_any_served || !all.is_stalled)
        return all;
    // Maintenance has no other reason to look at a stalled stream that an application pauses.
    constexpr unsigned int interval_ms = 1000;
    all.next_look_ms = all.next_look_ms == 0 ? interval_ms : min(all.next_look_ms, interval_ms);
    // The backend is there: what it does not go on with ends alone.
    if (give_up_ms != 0) {
        const uint64_t now = now_ms();
        for (Box<Stream> &stream : streams_)
            stream->give_up_if_stalled(now, give_up_ms);
    }
    all.is_stalled = false;
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
    // An application is reading a control, or has made one of the same name; or there is no memory.
    constexpr unsigned int retry_ms = 50;

    bool are_all_right = true;
    for (Box<Stream> &stream : streams_)
        are_all_right &= stream->update_controls(sound_card_);
    if (!are_all_right)
        controls_.schedule(retry_ms);
}

} // namespace xen_front

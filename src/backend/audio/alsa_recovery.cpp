// SPDX-License-Identifier: GPL-2.0-only
// Playback on a card that has run dry, was suspended, or has to forget what it was given.
#include <utility>

#include <fmt/core.h>

#include "audio/alsa_device.hpp"

namespace sndback {

namespace {

// As a cycle of its graph begins, PipeWire (0.3.65) waits for a client that is just leaving, and
// the other clients lose that cycle. The last frame has been heard exactly when a cycle begins.
// This much later is far from any: cycles have a power of two of frames, by default at most 2048 at
// 48000 Hz, of which this is a third. A card with a delay of its own waits as long for nothing.
constexpr std::chrono::microseconds between_cycles { 14222 };

} // namespace

void AlsaPlayback::recover(Time now, const AlsaError &error)
{
    if (error.error() == EAGAIN || error.error() == EINTR)
        return;
    if (error.error() == EPIPE && card_runs_) {
        // The card has played all that it was given, but for what the converter has not passed on.
        queue_.set_in_card(format_.bytes(kept_by_converter()));
        run_dry();
        if (!begin_tail(now))
            forget();
        return;
    }
    if (!std::exchange(is_recovering_, true))
        listener_.on_note(fmt::format("{}; starting again", error.what()));
    drop();
}

// If nothing waits, the guest may be done; if it writes again, it was late. It has written too late
// what waits behind silence. Anything else that waits, this domain has given the card too late.
void AlsaPlayback::run_dry()
{
    if (queue_.waiting() == 0)
        dry_ = true;
    else if (silence_ != 0)
        listener_.on_underrun(queue_.played());
    else
        listener_.on_card_stopped(queue_.played());
}

// Stops the card, which forgets what it has not played; give() gives that again. A dmix goes on
// with what it has mixed until that is taken back.
void AlsaPlayback::drop()
{
    (void)pcm_.take_back(frames_in_card());
    snd_pcm_drop(pcm_.get());
    forget();
}

void AlsaPlayback::forget()
{
    card_runs_ = prepared_ = false;
    silence_ = 0;
    quiet_until_.reset();
    queue_.take_back();
}

// Leaves the PCM alone until what it has played has also been heard, since preparing PulseAudio's
// plugin drops that as well, and until its server is between two cycles. Returns false if nothing
// is still to be heard.
bool AlsaPlayback::begin_tail(Time now)
{
    const Time rest = pcm_.delay(format_.rate, silence_);
    if (rest == Time {})
        return false;
    silent_at_ = now + rest + between_cycles;
    forget();
    return true;
}

void AlsaPlayback::end_tail()
{
    silent_at_.reset();
    drop();
}

void AlsaPlayback::fail(const AlsaError &error)
{
    failure_.set(error, reporter_.end(format_.frames(queue_.written())), listener_);
}

} // namespace sndback

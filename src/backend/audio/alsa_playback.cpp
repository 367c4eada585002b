// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "audio/alsa_device.hpp"
#include "audio/pieces.hpp"

namespace sndback {

AlsaPlayback::AlsaPlayback(const std::string &pcm, const OpenParameters &parameters,
                           const Gain &gain, DeviceListener &listener)
    : pcm_(pcm, SND_PCM_STREAM_PLAYBACK),
      format_(parameters.format),
      gain_(gain),
      listener_(listener),
      reporter_(parameters),
      queue_(parameters.buffer_bytes)
{
    pcm_.configure(parameters);
    listener_.on_note(fmt::format(
        "ALSA PCM {} plays {} at {} Hz, {} channels, with periods of {} and a buffer of {} "
        "frames",
        pcm, format_.format->name, format_.rate, format_.channels, pcm_.period_frames(),
        pcm_.buffer_frames()));
}

void AlsaPlayback::start(Time now)
{
    dry_ = false;
    silent_at_.reset();
    reporter_.start(now, format_.frames(queue_.played()));
    run();
}

void AlsaPlayback::run()
{
    wanted_ = true;
    try {
        feed();
    } catch (const AlsaError &error) {
        fail(error);
    }
}

void AlsaPlayback::pause(Time)
{
    wanted_ = false;
    reporter_.stop();
    if (!card_runs_ || failed_)
        return;
    try {
        update_position();
        if (card_runs_ && (!pcm_.can_pause() || snd_pcm_pause(pcm_.get(), 1) < 0))
            rewind_to_played();
    } catch (const AlsaError &error) {
        fail(error);
    }
}

void AlsaPlayback::resume(Time now)
{
    if (card_runs_ && !failed_ && snd_pcm_pause(pcm_.get(), 0) < 0) {
        try {
            rewind_to_played();
        } catch (const AlsaError &error) {
            fail(error);
        }
    }
    reporter_.resume(now);
    run();
}

void AlsaPlayback::stop(Time now)
{
    wanted_ = false;
    reporter_.stop();
    try {
        if (!failed_ && prepared_) {
            update_position();
            const Time rest = queue_.is_played() ? pcm_.delay(format_.rate) : Time {};
            if (rest != Time {})
                silent_at_ = now + rest;
            else
                rewind_to_played();
        }
    } catch (const AlsaError &error) {
        fail(error);
    }
    queue_.discard();
}

std::optional<std::uint64_t> AlsaPlayback::transfer(std::span<std::byte> data, Time)
{
    if (failed_)
        throw Refusal(-XEN_EIO, fmt::format("the ALSA PCM {} has failed", pcm_.name()));
    if (data.size() > queue_.room())
        return std::nullopt;
    if (dry_) {
        dry_ = false;
        listener_.on_underrun(queue_.written());
    }
    const std::uint64_t offset = queue_.written();
    queue_.write(data);
    try {
        if (silent_at_)
            end_tail();
        feed();
    } catch (const AlsaError &error) {
        fail(error);
    }
    return offset;
}

Time AlsaPlayback::patience(Time) const
{
    if (failed_ || !wanted_ || !card_runs_)
        return {};
    const std::uint64_t left = format_.frames(queue_.written() - queue_.played());
    return patience_with(duration_of(left, format_.rate), reporter_.period());
}

void AlsaPlayback::add_descriptors(std::vector<pollfd> &descriptors) const
{
    if (wanted_ && card_runs_ && !failed_ && !quiet_until_)
        pcm_.add_descriptors(descriptors);
}

std::optional<std::uint64_t> AlsaPlayback::service(Time now, std::span<pollfd> ready)
{
    if (failed_)
        return std::nullopt;
    try {
        if (silent_at_ && now >= *silent_at_)
            end_tail();
        const bool is_ready = pcm_.acknowledge(ready);
        if (card_runs_ && wanted_)
            update_position();
        const bool is_early = is_ready && card_runs_ && !is_due();
        const auto position =
            reporter_.report(now, format_.frames(queue_.played()), queue_.is_played());
        if (is_early)
            quiet_until_ = reporter_.deadline();
        else if (quiet_until_ && now >= *quiet_until_)
            quiet_until_.reset();
        feed();
        return position;
    } catch (const AlsaError &error) {
        fail(error);
        return std::nullopt;
    }
}

// What can be got over never ends the stream: if not at once, then a little later.
void AlsaPlayback::feed()
{
    retry_at_.reset();
    try {
        give();
        is_recovering_ = false;
    } catch (const AlsaError &error) {
        if (!error.is_recoverable())
            throw;
        recover(error);
        retry_at_ = monotonic_now() + retry_pause;
    }
}

// Gives the card what it has room for, starts it when it should run and has something to play, and
// asks for its interrupt at the next boundary.
void AlsaPlayback::give()
{
    if (!prepared_)
        prepare();
    const std::uint64_t most = piece_bytes(format_.unit());
    while (queue_.waiting() != 0) {
        const snd_pcm_sframes_t room = pcm_.check(snd_pcm_avail_update(pcm_.get()), "room");
        const std::uint64_t bytes =
            std::min({ queue_.waiting(), format_.bytes(static_cast<std::uint64_t>(room)), most });
        if (bytes == 0)
            break;
        scratch_.resize(bytes);
        queue_.peek_waiting(scratch_);
        gain_.apply(format_, scratch_);
        const snd_pcm_sframes_t written =
            snd_pcm_writei(pcm_.get(), scratch_.data(), format_.frames(bytes));
        if (written == -EAGAIN)
            break;
        queue_.give(format_.bytes(static_cast<std::uint64_t>(pcm_.check(written, "write"))));
        if (bytes == most)
            sched_yield();
    }
    if (!wanted_)
        return;
    if (!card_runs_ && queue_.in_card() != 0) {
        pcm_.check(snd_pcm_start(pcm_.get()), "start");
        card_runs_ = true;
    }
    if (card_runs_) {
        const std::uint64_t given = format_.frames(queue_.given());
        const std::uint64_t boundary = std::min(reporter_.next_boundary(), given);
        snd_pcm_uframes_t wakeup =
            pcm_.buffer_frames() - std::min<std::uint64_t>(given - boundary, pcm_.buffer_frames());
        if (queue_.waiting() != 0)
            wakeup = std::min(wakeup, pcm_.period_frames());
        pcm_.set_wakeup(wakeup);
    }
}

void AlsaPlayback::recover(const AlsaError &error)
{
    if (error.error() == EAGAIN || error.error() == EINTR)
        return;
    if (error.error() == EPIPE && card_runs_) {
        // What a sound server has taken is not dropped.
        take_underrun();
        begin_anew();
        return;
    }
    if (!std::exchange(is_recovering_, true))
        listener_.on_note(fmt::format("{}; starting again", error.what()));
    rewind_to_played();
}

// The card has played all that it was given.
void AlsaPlayback::take_underrun()
{
    queue_.set_in_card(0);
    // Whether it is the guest that is late shows when it writes again; it may just be done.
    if (queue_.waiting() != 0)
        listener_.on_underrun(queue_.played());
    else
        dry_ = true;
}

// Whether the card has got as far as it was asked to tell. Plugins of sound servers are ready
// whenever the server takes more, and when they have nothing left to play.
bool AlsaPlayback::is_due() const
{
    const snd_pcm_uframes_t queued = format_.frames(queue_.in_card());
    return queued != 0 &&
           pcm_.buffer_frames() - std::min(queued, pcm_.buffer_frames()) >= pcm_.wakeup();
}

// Asks the hardware how far it is, and gets the card going again if it has stopped by itself.
void AlsaPlayback::update_position()
{
    const snd_pcm_sframes_t room = snd_pcm_avail(pcm_.get());
    if (AlsaError::is_recoverable(room)) {
        recover(AlsaError(pcm_.name(), "position", static_cast<int>(-room)));
        return;
    }
    const auto free = static_cast<snd_pcm_uframes_t>(pcm_.check(room, "position"));
    queue_.set_in_card(format_.bytes(pcm_.buffer_frames() - std::min(free, pcm_.buffer_frames())));
}

// Stops the card and forgets what was given to it and not played; feed() gives it again.
void AlsaPlayback::rewind_to_played()
{
    snd_pcm_drop(pcm_.get());
    begin_anew();
}

void AlsaPlayback::begin_anew()
{
    card_runs_ = prepared_ = false;
    queue_.take_back();
    try {
        prepare();
    } catch (const AlsaError &error) {
        if (!error.is_recoverable())
            throw;
        retry_at_ = monotonic_now() + retry_pause;
    }
}

void AlsaPlayback::end_tail()
{
    silent_at_.reset();
    rewind_to_played();
}

void AlsaPlayback::prepare()
{
    pcm_.check(snd_pcm_prepare(pcm_.get()), "prepare");
    prepared_ = true;
}

void AlsaPlayback::fail(const AlsaError &error)
{
    failed_ = true;
    listener_.on_device_error(
        fmt::format("{}; this stream fails until it is opened again", error.what()));
}

} // namespace sndback

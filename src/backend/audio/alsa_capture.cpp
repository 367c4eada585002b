// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <fmt/core.h>

#include "audio/alsa_device.hpp"
#include "audio/pieces.hpp"

namespace sndback {

AlsaCapture::AlsaCapture(const std::string &pcm, const OpenParameters &parameters, const Gain &gain,
                         DeviceListener &listener)
    : pcm_(pcm, SND_PCM_STREAM_CAPTURE),
      format_(parameters.format),
      gain_(gain),
      listener_(listener),
      reporter_(parameters),
      fifo_(parameters.buffer_bytes)
{
    pcm_.configure(parameters);
    listener_.on_note(fmt::format(
        "ALSA PCM {} captures {} at {} Hz, {} channels, with periods of {} and a buffer of {} "
        "frames",
        pcm, format_.format->name, format_.rate, format_.channels, pcm_.period_frames(),
        pcm_.buffer_frames()));
}

// What an earlier run left unread is gone, as in a card that starts anew.
void AlsaCapture::start(Time now)
{
    failure_.require_none(pcm_.name());
    fifo_.clear();
    reporter_.start(now, format_.frames(captured_));
    run();
}

void AlsaCapture::resume(Time now)
{
    failure_.require_none(pcm_.name());
    reporter_.resume(now);
    run();
}

void AlsaCapture::run()
{
    wanted_ = true;
    try {
        restart();
    } catch (const AlsaError &error) {
        fail(error);
        (void)failure_.take_position();
    }
    failure_.require_none(pcm_.name());
}

// A paused capture is a stopped one: there is nothing in the card that would have to survive.
void AlsaCapture::pause(Time now)
{
    stop(now);
}

void AlsaCapture::stop(Time)
{
    reporter_.stop();
    if (!failure_ && wanted_ && !restart_at_) {
        try {
            fetch();
        } catch (const AlsaError &error) {
            fail(error);
        }
    }
    wanted_ = false;
    restart_at_.reset();
    quiet_until_.reset();
    snd_pcm_drop(pcm_.get());
}

std::optional<std::uint64_t> AlsaCapture::transfer(std::span<std::byte> data, Time)
{
    failure_.require_none(pcm_.name());
    if (data.size() > fifo_.size())
        return std::nullopt;
    const std::uint64_t offset = captured_ - fifo_.size();
    fifo_.peek(data);
    fifo_.drop(data.size());
    gain_.apply(format_, data);
    return offset;
}

void AlsaCapture::add_descriptors(std::vector<pollfd> &descriptors) const
{
    if (wanted_ && !failure_ && !restart_at_ && !quiet_until_)
        pcm_.add_descriptors(descriptors);
}

std::optional<std::uint64_t> AlsaCapture::service(Time now, std::span<pollfd> ready)
{
    if (failure_)
        return failure_.take_position();
    if (!wanted_)
        return std::nullopt;
    try {
        if (restart_at_) {
            if (now >= *restart_at_)
                restart();
            return std::nullopt;
        }
        const bool is_ready = pcm_.acknowledge(ready);
        const std::uint64_t before = captured_;
        fetch();
        if (restart_at_)
            return std::nullopt;
        // Plugins of sound servers can be ready although there is nothing to be read.
        const bool is_early = is_ready && format_.frames(captured_ - before) < pcm_.wakeup();
        const auto position = reporter_.report(now, format_.frames(captured_), false);
        if (is_early)
            quiet_until_ = std::min(reporter_.deadline().value_or(Time::max()),
                                    now + duration_of(frames_before_full(), format_.rate));
        else if (quiet_until_ && now >= *quiet_until_)
            quiet_until_.reset();
        wait_for_boundary();
        return position;
    } catch (const AlsaError &error) {
        fail(error);
        return failure_.take_position();
    }
}

void AlsaCapture::wait_for_boundary()
{
    const std::uint64_t missing = reporter_.next_boundary() - format_.frames(captured_);
    pcm_.set_wakeup(std::min<std::uint64_t>(missing, frames_before_full()));
}

// At which the card is to be looked at, whatever the guest's period: one that is full stops.
snd_pcm_uframes_t AlsaCapture::frames_before_full() const
{
    return pcm_.buffer_frames() - std::min(pcm_.period_frames(), pcm_.buffer_frames() / 2);
}

// What can be got over never ends the stream: if not at once, then a little later.
void AlsaCapture::restart()
{
    restart_at_.reset();
    quiet_until_.reset();
    snd_pcm_drop(pcm_.get());
    try {
        pcm_.check(snd_pcm_prepare(pcm_.get()), "prepare");
        wait_for_boundary();
        pcm_.check(snd_pcm_start(pcm_.get()), "start");
    } catch (const AlsaError &error) {
        if (!error.is_recoverable())
            throw;
        restart_at_ = monotonic_now() + retry_pause;
    }
}

// Takes everything the card has.
void AlsaCapture::fetch()
{
    snd_pcm_sframes_t available = pcm_.available();
    if (is_lost(available))
        return restart();
    if (AlsaError::is_recoverable(available))
        return;
    pcm_.check(available, "position");
    const auto most = static_cast<snd_pcm_sframes_t>(format_.frames(piece_bytes(format_.unit())));
    while (available > 0) {
        const snd_pcm_sframes_t wanted = std::min(available, most);
        scratch_.resize(format_.bytes(static_cast<std::uint64_t>(wanted)));
        const snd_pcm_sframes_t count =
            snd_pcm_readi(pcm_.get(), scratch_.data(), static_cast<snd_pcm_uframes_t>(wanted));
        if (is_lost(count))
            return restart();
        if (count == 0 || AlsaError::is_recoverable(count))
            return;
        pcm_.check(count, "read");
        keep(std::span(scratch_).first(format_.bytes(static_cast<std::uint64_t>(count))));
        available -= count;
        if (count == most)
            sched_yield();
    }
}

// Whether the card has stopped by itself: because this domain left it full, or because Dom0 slept.
bool AlsaCapture::is_lost(snd_pcm_sframes_t result)
{
    if (result == -EPIPE)
        listener_.on_card_stopped(captured_);
    else if (result == -ESTRPIPE)
        listener_.on_note(
            fmt::format("{}; starting again", AlsaError(pcm_.name(), "position", ESTRPIPE).what()));
    return result == -EPIPE || result == -ESTRPIPE;
}

void AlsaCapture::keep(std::span<const std::byte> frames)
{
    captured_ += frames.size();
    const std::size_t kept =
        std::min(frames.size(), fifo_.capacity() / format_.unit() * format_.unit());
    const std::size_t missing = kept - std::min(kept, fifo_.room());
    const std::size_t dropped =
        std::min((missing + format_.unit() - 1) / format_.unit() * format_.unit(), fifo_.size());
    if (dropped != 0 || kept != frames.size())
        listener_.on_overrun(captured_ - frames.size() - fifo_.size(),
                             dropped + frames.size() - kept);
    fifo_.drop(dropped);
    fifo_.push(frames.last(kept));
}

void AlsaCapture::fail(const AlsaError &error)
{
    failure_.set(error, reporter_.end(reporter_.next_boundary()), listener_);
}

} // namespace sndback

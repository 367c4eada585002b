// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include <fmt/core.h>

#include "audio/alsa_device.hpp"
#include "audio/pieces.hpp"

namespace sndback {

namespace {

// Longer than this thread is ever late. A card takes the silence back if the guest still writes in
// time. Less of a guest with short periods, and of a card with a small buffer.
constexpr std::chrono::milliseconds longest_silence_lead { 3 };
// A converter, or dshare, takes none back. If this is too short for a converter, what it kept is
// given again; the last frames of a sound in dshare are lost then.
constexpr std::chrono::microseconds lead_of_lasting_silence { 500 };

} // namespace

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
    silence_lead_ = std::min<Time>(
        { reporter_.period() / 4, duration_of(pcm_.buffer_frames() / 4, format_.rate),
          pcm_.takes_back() ? Time(longest_silence_lead) : Time(lead_of_lasting_silence) });
    listener_.on_note(fmt::format(
        "ALSA PCM {} plays {} at {} Hz, {} channels, with periods of {} and a buffer of {} "
        "frames",
        pcm, format_.format->name, format_.rate, format_.channels, pcm_.period_frames(),
        pcm_.buffer_frames()));
}

void AlsaPlayback::start(Time now)
{
    failure_.require_none(pcm_.name());
    reporter_.start(now, format_.frames(queue_.played()));
    run(now);
}

void AlsaPlayback::run(Time now)
{
    wanted_ = true;
    quiet_until_.reset();
    try {
        feed(now);
    } catch (const AlsaError &error) {
        fail(error);
        (void)failure_.take_position();
    }
    failure_.require_none(pcm_.name());
}

void AlsaPlayback::pause(Time now)
{
    wanted_ = false;
    reporter_.stop();
    if (!card_runs_ || failure_)
        return;
    try {
        update_position(now);
        if (card_runs_ && (!pcm_.can_pause() || snd_pcm_pause(pcm_.get(), 1) < 0))
            drop();
    } catch (const AlsaError &error) {
        fail(error);
    }
}

void AlsaPlayback::resume(Time now)
{
    if (card_runs_ && !failure_ && snd_pcm_pause(pcm_.get(), 0) < 0)
        drop();
    failure_.require_none(pcm_.name());
    reporter_.resume(now);
    moved_at_ = now;
    run(now);
}

void AlsaPlayback::stop(Time now)
{
    wanted_ = false;
    reporter_.stop();
    try {
        if (!failure_ && prepared_)
            update_position(now);
        // It may have found that the card has stopped by itself.
        if (!failure_ && prepared_ && !(queue_.is_played() && begin_tail(now)))
            drop();
    } catch (const AlsaError &error) {
        fail(error);
    }
    queue_.discard();
    dry_ = false;
}

std::optional<std::uint64_t> AlsaPlayback::transfer(std::span<std::byte> data, Time now)
{
    failure_.require_none(pcm_.name());
    if (data.size() > queue_.room())
        return std::nullopt;
    if (dry_) {
        dry_ = false;
        listener_.on_underrun(queue_.written());
    }
    const std::uint64_t offset = queue_.written();
    queue_.write(data);
    try {
        feed(now);
        if (quiet_until_)
            quiet_until_ = std::min(quiet_until_, look_again_at(now));
    } catch (const AlsaError &error) {
        fail(error);
    }
    return offset;
}

std::optional<std::uint64_t> AlsaPlayback::service(Time now, std::span<pollfd> ready)
{
    if (failure_)
        return failure_.take_position();
    std::optional<std::uint64_t> position;
    try {
        if (silent_at_ && now >= *silent_at_)
            end_tail();
        const bool is_ready = pcm_.acknowledge(ready);
        if (card_runs_ && wanted_)
            update_position(now);
        const bool is_early = is_ready && card_runs_ && !is_due();
        position = reporter_.report(now, format_.frames(queue_.played()), queue_.is_played());
        if (quiet_until_ && now >= *quiet_until_)
            quiet_until_.reset();
        feed(now, !is_signalled(ready));
        if (is_early && card_runs_)
            quiet_until_ = look_again_at(now);
    } catch (const AlsaError &error) {
        fail(error);
        if (const auto last = failure_.take_position())
            return last;
    }
    return position;
}

// What can be got over never ends the stream: if not at once, then a little later. What follows a
// sound that is still to be heard waits for its end.
void AlsaPlayback::feed(Time now, bool may_end)
{
    if (silent_at_)
        return;
    retry_at_.reset();
    try {
        give(now, may_end);
        is_recovering_ = false;
    } catch (const AlsaError &error) {
        if (!error.is_recoverable())
            throw;
        recover(now, error);
        retry_at_ = monotonic_now() + retry_pause;
    }
}

// Gives the card what it has room for, starts it when it should run and has something to play, and
// asks for its interrupt at the next boundary. What comes behind silence waits until that is gone.
// `may_end`: what the guest has written so far has been looked at, so that silence may follow it.
// A PCM that has been stopped is not prepared before START, or before frames wait: PulseAudio's
// plugin makes a new stream for that, which disturbs the others in the server, and may never play.
void AlsaPlayback::give(Time now, bool may_end)
{
    // If nothing but silence is left, the guest has written too late: as after an underrun.
    if (silence_ != 0 && queue_.waiting() != 0 && queue_.in_card() == 0)
        drop();
    else if (silence_ != 0 && queue_.waiting() != 0)
        take_silence_back();
    if (!prepared_ && (wanted_ || queue_.waiting() != 0)) {
        pcm_.check(snd_pcm_prepare(pcm_.get()), "prepare");
        prepared_ = true;
        prepared_at_ = queue_.given();
    }
    if (queue_.in_card() == 0)
        moved_at_ = now;
    const std::uint64_t most = piece_bytes(format_.unit());
    while (silence_ == 0 && queue_.waiting() != 0) {
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
        moved_at_ = now;
    }
    if (!card_runs_)
        return;
    if (const std::optional<Time> due = silence_due(); may_end && due && now >= *due)
        put_silence(now);
    pcm_.set_wakeup(wakeup());
}

// Asks the hardware how far it is, and gets the card going again if it has stopped by itself.
void AlsaPlayback::update_position(Time now)
{
    const snd_pcm_sframes_t room = pcm_.available();
    if (AlsaError::is_recoverable(room)) {
        recover(now, AlsaError(pcm_.name(), "position", static_cast<int>(-room)));
        return;
    }
    const auto free = static_cast<snd_pcm_uframes_t>(pcm_.check(room, "position"));
    const std::uint64_t queued = pcm_.buffer_frames() - std::min(free, pcm_.buffer_frames());
    if (queued < frames_in_card())
        moved_at_ = now;
    queue_.set_in_card(format_.bytes(queued - std::min(queued, silence_)));
    if (silence_ != 0 && queue_.in_card() == 0)
        run_dry();
    silence_ = std::min(queued, silence_);
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// When playback has to look at its card.
#include <algorithm>

#include "audio/alsa_device.hpp"

namespace sndback {

std::optional<Time> AlsaPlayback::deadline() const
{
    if (failure_)
        return failure_.deadline();
    if (silent_at_)
        return silent_at_;
    if (retry_at_)
        return retry_at_;
    if (!card_runs_)
        return std::nullopt;
    const std::optional<Time> report = quiet_until_ ? quiet_until_ : report_due();
    const std::optional<Time> silence = silence_due();
    return silence && (!report || *silence < *report) ? silence : report;
}

// Of a sound that ends before the next boundary, at its end.
std::optional<Time> AlsaPlayback::report_due() const
{
    return queue_.is_played() ? reporter_.deadline()
                              : reporter_.deadline(format_.frames(queue_.written()));
}

Time AlsaPlayback::patience(Time) const
{
    if (failure_ || !wanted_ || !card_runs_)
        return {};
    const std::uint64_t left = format_.frames(queue_.written() - queue_.played());
    return patience_with(duration_of(left, format_.rate), reporter_.period());
}

void AlsaPlayback::add_descriptors(std::vector<pollfd> &descriptors) const
{
    if (wanted_ && card_runs_ && !failure_ && !quiet_until_)
        pcm_.add_descriptors(descriptors);
}

// How much room the card has when it has got to the next boundary; all, when only silence is left.
snd_pcm_uframes_t AlsaPlayback::wakeup() const
{
    const std::uint64_t given = format_.frames(queue_.given());
    const std::uint64_t behind =
        queue_.in_card() != 0 ? given - std::min(reporter_.next_boundary(), given) + silence_ : 0;
    const snd_pcm_uframes_t room =
        pcm_.buffer_frames() - std::min<std::uint64_t>(behind, pcm_.buffer_frames());
    return queue_.waiting() != 0 && silence_ == 0 ? std::min(room, pcm_.period_frames()) : room;
}

std::uint64_t AlsaPlayback::frames_in_card() const
{
    return format_.frames(queue_.in_card()) + silence_;
}

// When to look at a card whose descriptors are not waited for. What waits has to follow before it
// runs dry, even if the card takes little of it now.
std::optional<Time> AlsaPlayback::look_again_at(Time now) const
{
    const std::optional<Time> due = report_due();
    if (!due || queue_.waiting() == 0)
        return due;
    const Time pause = std::max(duration_of(frames_in_card() / 2, format_.rate),
                                std::min<Time>(retry_pause, reporter_.period() / 8));
    return std::min(*due, now + pause);
}

// Whether the card has got as far as it was asked to tell. Plugins of sound servers are ready
// whenever the server takes more, and when they have nothing left to play.
bool AlsaPlayback::is_due() const
{
    const snd_pcm_uframes_t queued = frames_in_card();
    return queued != 0 &&
           pcm_.buffer_frames() - std::min(queued, pcm_.buffer_frames()) >= pcm_.wakeup();
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// The silence behind the last frame that the guest has written.
#include <algorithm>

#include "audio/alsa_device.hpp"
#include "audio/endpoint.hpp"

namespace sndback {

namespace {

// Longer than what the kernel's driver of USB cards has on its way, 18 ms: 20 ms.
constexpr unsigned silences_per_second = 50;

} // namespace

// Frames of the guest that were given, and are in no whole period yet.
std::uint64_t AlsaPlayback::kept_by_converter() const
{
    if (!pcm_.converts_rate())
        return 0;
    const std::uint64_t given = format_.frames(queue_.given() - prepared_at_) + silence_;
    const std::uint64_t kept = given % pcm_.period_frames();
    return std::min(kept - std::min(kept, silence_), format_.frames(queue_.in_card()));
}

// When the card has so little left to play that silence has to follow, if the guest has not written
// by then. Counted from when the position last moved: that of some cards moves in large steps. A
// converter may keep so much of a small buffer that the guest is told of a period when the card has
// next to nothing left: no silence then, which would have to be played before what the guest writes
// in time. If the card runs dry, what was kept is given again, and silence follows that.
std::optional<Time> AlsaPlayback::silence_due() const
{
    if (!wanted_ || !card_runs_ || silence_ != 0 || queue_.waiting() != 0 ||
        queue_.in_card() == 0 || !pcm_.needs_silence())
        return std::nullopt;
    const Time left =
        duration_of(format_.frames(queue_.in_card()) - kept_by_converter(), format_.rate);
    // The card has got nothing whole, at a start or after it ran dry: the guest may be filling its
    // buffer.
    if (left == Time {}) {
        const Time period = duration_of(pcm_.period_frames(), format_.rate);
        return std::max(moved_at_ + std::min(reporter_.period(), period), silence_again_at_);
    }
    const Time rest = left - std::min(left, silence_lead_);
    // How much the guest can write by then. It is told of a period, and must have time to write it.
    const Time room = duration_of(format_.frames(queue_.room()), format_.rate) + rest;
    if (pcm_.converts_rate() && room < reporter_.period() + reporter_.period() / 4)
        return std::nullopt;
    return std::max(moved_at_ + rest, silence_again_at_);
}

// A card whose position stands still has no room, and has it a little later.
void AlsaPlayback::put_silence(Time now)
{
    silence_again_at_ = now + retry_pause;
    const std::uint64_t period = pcm_.period_frames();
    const std::uint64_t kept = kept_by_converter();
    std::uint64_t frames = format_.rate / silences_per_second;
    if (pcm_.converts_rate())
        frames = (kept + frames + period - 1) / period * period - kept;
    const auto room =
        static_cast<std::uint64_t>(pcm_.check(snd_pcm_avail_update(pcm_.get()), "room"));
    if (room < std::min(frames, period - kept))
        return;
    frames = std::min(frames, room);
    scratch_.resize(format_.bytes(frames));
    fill_silence(*format_.format, 0, scratch_);
    const snd_pcm_sframes_t written =
        snd_pcm_writei(pcm_.get(), scratch_.data(), format_.frames(scratch_.size()));
    if (written != -EAGAIN)
        silence_ = static_cast<std::uint64_t>(pcm_.check(written, "write"));
}

void AlsaPlayback::take_silence_back()
{
    silence_ -= std::min<std::uint64_t>(pcm_.take_back(silence_), silence_);
}

} // namespace sndback

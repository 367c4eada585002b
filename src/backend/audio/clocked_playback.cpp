// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "audio/clocked_device.hpp"
#include "audio/pieces.hpp"

namespace sndback {

namespace {

// With no period asked for the clock still has to move frames on, several times per buffer.
std::uint64_t tick_frames(const OpenParameters &parameters)
{
    return std::max<std::uint64_t>(parameters.format.frames(parameters.period()), 1);
}

} // namespace

ClockedPlayback::ClockedPlayback(const OpenParameters &parameters, const Gain &gain,
                                 std::unique_ptr<Sink> sink, DeviceListener &listener)
    : format_(parameters.format),
      reports_(parameters.period_bytes != 0),
      progress_(parameters.format.rate, tick_frames(parameters), parameters.policy),
      gain_(gain),
      sink_(std::move(sink)),
      listener_(listener),
      fifo_(parameters.buffer_bytes)
{
}

ClockedPlayback::~ClockedPlayback()
{
    render(committed_);
}

void ClockedPlayback::start(Time now)
{
    starved_ = late_ = false;
    const std::uint64_t position = committed_ - fifo_.size();
    if (progress_.clock().running() || announced_from_ != position)
        announce_again(position);
    progress_.start(now, format_.frames(position));
    sink_->start(now, position);
}

void ClockedPlayback::pause(Time now)
{
    announce_again(played(now));
    progress_.pause(now);
}

void ClockedPlayback::resume(Time now)
{
    progress_.resume(now);
    sink_->start(now, played(now));
}

void ClockedPlayback::stop(Time now)
{
    const std::uint64_t position = played(now);
    sink_->withdraw(committed_ - position);
    render(committed_);
    committed_ = rendered_ = announced_from_ = position;
    progress_.stop(format_.frames(position));
}

std::optional<std::uint64_t> ClockedPlayback::transfer(std::span<std::byte> data, Time now)
{
    if (data.size() > fifo_.room())
        return std::nullopt;
    if (progress_.clock().running() && progress_.clock().frames(now) > committed_frames() &&
        !late_) {
        late_ = true;
        listener_.on_underrun(committed_);
    }
    const std::uint64_t offset = committed_;
    fifo_.push(data);
    committed_ += data.size();
    sink_->commit(data);
    if (!progress_.clock().running() || progress_.clock().frames(now) < committed_frames())
        starved_ = late_ = false;
    return offset;
}

std::optional<Time> ClockedPlayback::deadline() const
{
    std::optional<Time> next = progress_.next_tick();
    if (next && progress_.policy().kind == PositionPolicy::Kind::any && !starved_)
        next = std::min(*next, *progress_.clock().time_of(committed_frames()));
    return next;
}

Time ClockedPlayback::patience(Time now) const
{
    const std::optional<Time> end = progress_.clock().time_of(committed_frames());
    return end ? patience_with(*end - now, duration_of(progress_.period(), format_.rate)) : Time {};
}

// The frame that a tick of the clock stands for.
std::uint64_t ClockedPlayback::reached(std::uint64_t tick) const
{
    const std::uint64_t committed = committed_frames();
    if (tick <= committed)
        return tick;
    return progress_.policy().kind == PositionPolicy::Kind::period ? progress_.round_down(committed)
                                                                   : committed;
}

std::optional<std::uint64_t> ClockedPlayback::service(Time now, std::span<pollfd>)
{
    std::optional<std::uint64_t> frame = progress_.take_tick(now);
    if (frame)
        frame = reached(*frame);
    if (progress_.clock().running() && !starved_ &&
        progress_.clock().frames(now) >= committed_frames()) {
        starved_ = true;
        if (progress_.policy().kind == PositionPolicy::Kind::any)
            frame = committed_frames();
    }
    if (!frame)
        return std::nullopt;

    const std::uint64_t position = format_.bytes(*frame);
    render(position);
    if (!reports_ || position <= reported_)
        return std::nullopt;
    reported_ = position;
    return position;
}

// Octets since OPEN that the clock has passed, of those that were written.
std::uint64_t ClockedPlayback::played(Time now) const
{
    return std::min(format_.bytes(progress_.clock().frames(now)), committed_);
}

// Takes back from the sink what it was told after the last start, and tells it what comes next when
// the clock goes on at `position`.
void ClockedPlayback::announce_again(std::uint64_t position)
{
    sink_->withdraw(committed_ - position);
    announced_from_ = position;
    in_pieces(committed_ - position, format_.unit(), [&](std::size_t offset, std::size_t size) {
        scratch_.resize(size);
        fifo_.peek(scratch_, position - rendered_ + offset);
        sink_->commit(scratch_);
    });
}

// Gives the sink everything up to that many octets since OPEN.
void ClockedPlayback::render(std::uint64_t bytes)
{
    if (bytes <= rendered_)
        return;
    if (!sink_->renders())
        fifo_.drop(bytes - rendered_);
    else
        in_pieces(bytes - rendered_, format_.unit(), [&](std::size_t, std::size_t size) {
            scratch_.resize(size);
            fifo_.peek(scratch_);
            fifo_.drop(size);
            gain_.apply(format_, scratch_);
            sink_->render(scratch_);
        });
    rendered_ = bytes;
}

} // namespace sndback

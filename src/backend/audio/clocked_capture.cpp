// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "audio/clocked_device.hpp"
#include "audio/pieces.hpp"

namespace sndback {

ClockedCapture::ClockedCapture(const OpenParameters &parameters, const Gain &gain,
                               std::unique_ptr<Source> source, DeviceListener &listener)
    : format_(parameters.format),
      reports_(parameters.period_bytes != 0),
      progress_(parameters.format.rate,
                std::max<std::uint64_t>(parameters.format.frames(parameters.period()), 1),
                parameters.policy),
      gain_(gain),
      source_(std::move(source)),
      listener_(listener),
      capacity_(parameters.buffer_bytes)
{
}

// What an earlier run left unread is gone, as in a card that starts anew.
void ClockedCapture::start(Time now)
{
    const std::uint64_t frame = progress_.clock().frames(now);
    awaited_.reset();
    read_ = format_.bytes(frame);
    progress_.start(now, frame);
    source_->start(now, read_);
}

void ClockedCapture::pause(Time now)
{
    awaited_.reset();
    progress_.pause(now);
}

void ClockedCapture::resume(Time now)
{
    progress_.resume(now);
    source_->start(now, format_.bytes(progress_.clock().frames(now)));
}

void ClockedCapture::stop(Time now)
{
    awaited_.reset();
    progress_.stop(progress_.clock().frames(now));
}

std::optional<std::uint64_t> ClockedCapture::transfer(std::span<std::byte> data, Time now)
{
    drop_overrun(now);
    const std::uint64_t captured = format_.bytes(progress_.clock().frames(now));
    if (read_ + data.size() > captured) {
        awaited_ = format_.frames_of(read_ + data.size());
        return std::nullopt;
    }
    awaited_.reset();
    in_pieces(data.size(), format_.unit(), [&](std::size_t offset, std::size_t size) {
        const std::span<std::byte> piece = data.subspan(offset, size);
        source_->fill(read_ + offset, piece);
        gain_.apply(format_, piece);
    });
    const std::uint64_t offset = read_;
    read_ += data.size();
    return offset;
}

std::optional<Time> ClockedCapture::deadline() const
{
    std::optional<Time> next = progress_.next_tick();
    if (next && awaited_)
        next = std::min(*next, *progress_.clock().time_of(*awaited_));
    return next;
}

std::optional<std::uint64_t> ClockedCapture::service(Time now, std::span<pollfd>)
{
    // A READ that waits is tried again now. One that was refused is not, and has nothing to wait
    // for.
    if (awaited_ && progress_.clock().frames(now) >= *awaited_)
        awaited_.reset();
    const std::optional<std::uint64_t> frame = progress_.take_tick(now);
    if (!frame)
        return std::nullopt;
    drop_overrun(now);
    const std::uint64_t position = format_.bytes(*frame);
    if (!reports_ || position <= reported_)
        return std::nullopt;
    reported_ = position;
    return position;
}

void ClockedCapture::drop_overrun(Time now)
{
    const std::uint64_t captured = format_.bytes(progress_.clock().frames(now));
    if (captured - read_ <= capacity_)
        return;
    // Whole frames are lost, so that what remains begins with one.
    const std::uint64_t unit = format_.unit();
    const std::uint64_t lost = (captured - read_ - capacity_ + unit - 1) / unit * unit;
    listener_.on_overrun(read_, lost);
    read_ += lost;
}

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
//
// Devices without hardware: an exact clock in place of the card, a Sink or Source in place of the
// speaker.
#pragma once

#include <cstdint>
#include <memory>

#include "audio/byte_fifo.hpp"
#include "audio/endpoint.hpp"
#include "audio/pcm_device.hpp"

namespace sndback {

// Playback. The clock never waits for the guest, as that of a card does not. The position is the
// clock's, but never passes what was written: where the frames run out it stays, and frames that
// come late are over at once. Frames reach the sink, through the gain, on period boundaries. Frames
// that STOP or CLOSE finds unplayed go to the sink as well, so that a recording is exactly what the
// guest wrote; they do not count in the position.
class ClockedPlayback final : public PcmDevice {
  public:
    ClockedPlayback(const OpenParameters &parameters, const Gain &gain, std::unique_ptr<Sink> sink,
                    DeviceListener &listener);
    ~ClockedPlayback() override;
    ClockedPlayback(const ClockedPlayback &) = delete;
    ClockedPlayback &operator=(const ClockedPlayback &) = delete;

    void start(Time now) override;
    void pause(Time now) override;
    void resume(Time now) override;
    void stop(Time now) override;
    [[nodiscard]] std::optional<std::uint64_t> transfer(std::span<std::byte> data,
                                                        Time now) override;
    [[nodiscard]] std::uint64_t left_to_render() const override
    {
        return sink_->renders() ? committed_ - rendered_ : 0;
    }
    [[nodiscard]] std::optional<Time> deadline() const override;
    [[nodiscard]] Time patience(Time now) const override;
    [[nodiscard]] std::optional<std::uint64_t> service(Time now, std::span<pollfd> ready) override;

  private:
    [[nodiscard]] std::uint64_t committed_frames() const
    {
        return format_.frames(committed_);
    }
    [[nodiscard]] std::uint64_t reached(std::uint64_t tick) const;
    [[nodiscard]] std::uint64_t played(Time now) const;
    void announce_again(std::uint64_t position);
    void render(std::uint64_t bytes);

    StreamFormat format_;
    bool reports_;
    Progress progress_;
    const Gain &gain_;
    std::unique_ptr<Sink> sink_;
    DeviceListener &listener_;
    ByteFifo fifo_; // written and not rendered
    std::vector<std::byte> scratch_;
    std::uint64_t committed_ = 0; // octets since OPEN: written
    std::uint64_t rendered_ = 0; // given to the sink
    std::uint64_t announced_from_ = 0; // where the sink will be started, while the clock halts
    std::uint64_t reported_ = 0; // told to the guest
    bool starved_ = false; // the clock has reached the end of what was written
    bool late_ = false; // an underrun has been counted and the guest has not caught up since
};

// Capture. Frames come into being with the clock; READ takes them in order. A guest that falls
// behind by more than its own buffer loses the oldest ones, as with a card.
class ClockedCapture final : public PcmDevice {
  public:
    ClockedCapture(const OpenParameters &parameters, const Gain &gain,
                   std::unique_ptr<Source> source, DeviceListener &listener);

    void start(Time now) override;
    void pause(Time now) override;
    void resume(Time now) override;
    void stop(Time now) override;
    [[nodiscard]] std::optional<std::uint64_t> transfer(std::span<std::byte> data,
                                                        Time now) override;
    [[nodiscard]] std::optional<Time> deadline() const override;
    [[nodiscard]] std::optional<std::uint64_t> service(Time now, std::span<pollfd> ready) override;

  private:
    void drop_overrun(Time now);

    StreamFormat format_;
    bool reports_;
    Progress progress_;
    const Gain &gain_;
    std::unique_ptr<Source> source_;
    DeviceListener &listener_;
    std::uint64_t capacity_;
    std::uint64_t read_ = 0; // octets since OPEN: taken by READ or lost
    std::uint64_t reported_ = 0; // told to the guest
    std::optional<std::uint64_t> awaited_; // the frame at which the READ that waits can be answered
};

} // namespace sndback

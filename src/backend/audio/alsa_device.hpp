// SPDX-License-Identifier: GPL-2.0-only
//
// Streams on an ALSA PCM of this domain. The position is the hardware's, looked at when the card
// interrupts.
#pragma once

#include <cstdint>

#include "audio/alsa_failure.hpp"
#include "audio/alsa_pcm.hpp"
#include "audio/byte_fifo.hpp"
#include "audio/pcm_device.hpp"
#include "audio/playback_queue.hpp"
#include "audio/position_reporter.hpp"

namespace sndback {

// Playback. What the guest wrote is kept until the card has played it, so a card that underruns, is
// suspended or cannot pause loses nothing, in whichever call that shows. After an underrun the card
// is started again as soon as there are frames. A sound server has taken frames, which are played
// then as far as the position is concerned, before they are heard: what it has when the guest, told
// that all is played, stops the stream or is late is not taken back, and what the guest plays next
// waits until it is heard, about half a second at most. Gain is applied when frames are given to
// the card. Where the end of a sound would be lost, silence follows the last frame shortly before
// the card runs dry. It is no part of the position, and taken back if the guest writes in time; if
// that cannot be, the card starts anew with what the guest has written.
class AlsaPlayback final : public PcmDevice {
  public:
    // Throws AlsaError.
    AlsaPlayback(const std::string &pcm, const OpenParameters &parameters, const Gain &gain,
                 DeviceListener &listener);

    void start(Time now) override;
    void pause(Time now) override;
    void resume(Time now) override;
    void stop(Time now) override;
    [[nodiscard]] std::optional<std::uint64_t> transfer(std::span<std::byte> data,
                                                        Time now) override;
    [[nodiscard]] std::optional<Time> deadline() const override;
    [[nodiscard]] bool is_silent(Time now) const override
    {
        return failure_ || !silent_at_ || now >= *silent_at_;
    }
    [[nodiscard]] Time patience(Time now) const override;
    void add_descriptors(std::vector<pollfd> &descriptors) const override;
    [[nodiscard]] std::optional<std::uint64_t> service(Time now, std::span<pollfd> ready) override;

  private:
    void run(Time now);
    void feed(Time now, bool may_end = false);
    void give(Time now, bool may_end);
    [[nodiscard]] snd_pcm_uframes_t wakeup() const;
    [[nodiscard]] std::uint64_t frames_in_card() const;
    [[nodiscard]] bool is_due() const;
    [[nodiscard]] std::optional<Time> report_due() const;
    [[nodiscard]] std::optional<Time> look_again_at(Time now) const;
    void update_position(Time now);
    // alsa_silence.cpp
    [[nodiscard]] std::uint64_t kept_by_converter() const;
    [[nodiscard]] std::optional<Time> silence_due() const;
    void put_silence(Time now);
    void take_silence_back();
    // alsa_recovery.cpp
    void recover(Time now, const AlsaError &error);
    void run_dry();
    void drop();
    void forget();
    [[nodiscard]] bool begin_tail(Time now);
    void end_tail();
    void fail(const AlsaError &error);

    AlsaPcm pcm_;
    StreamFormat format_;
    const Gain &gain_;
    DeviceListener &listener_;
    PositionReporter reporter_;
    PlaybackQueue queue_;
    Time silence_lead_ {}; // before the card runs dry
    Time silence_again_at_ {}; // not tried again before
    std::uint64_t silence_ = 0; // frames of it in the card, behind those of the guest
    std::uint64_t prepared_at_ = 0; // what the card had been given then, in octets
    Time moved_at_ {}; // when the position was last seen to move
    std::vector<std::byte> scratch_;
    bool wanted_ = false; // the guest wants it to run
    bool card_runs_ = false;
    bool dry_ = false; // the card ran out of frames
    bool prepared_ = true; // by configuring it
    bool is_recovering_ = false; // from an error that was noted
    std::optional<Time> retry_at_; // the card could not be got going
    std::optional<Time> quiet_until_; // its descriptors were ready too early: not to be waited for
    std::optional<Time> silent_at_; // the PCM is left alone until what it has played is heard
    AlsaFailure failure_;
};

// Capture. Frames wait here until READ takes them; the oldest are lost if they exceed the guest's
// buffer.
class AlsaCapture final : public PcmDevice {
  public:
    // Throws AlsaError.
    AlsaCapture(const std::string &pcm, const OpenParameters &parameters, const Gain &gain,
                DeviceListener &listener);

    void start(Time now) override;
    void pause(Time now) override;
    void resume(Time now) override;
    void stop(Time now) override;
    [[nodiscard]] std::optional<std::uint64_t> transfer(std::span<std::byte> data,
                                                        Time now) override;
    [[nodiscard]] std::optional<Time> deadline() const override
    {
        if (failure_)
            return failure_.deadline();
        if (restart_at_)
            return restart_at_;
        return quiet_until_ ? quiet_until_ : reporter_.deadline();
    }
    void add_descriptors(std::vector<pollfd> &descriptors) const override;
    [[nodiscard]] std::optional<std::uint64_t> service(Time now, std::span<pollfd> ready) override;

  private:
    void run();
    void wait_for_boundary();
    [[nodiscard]] snd_pcm_uframes_t frames_before_full() const;
    void restart();
    void fetch();
    [[nodiscard]] bool is_lost(snd_pcm_sframes_t result);
    void keep(std::span<const std::byte> frames);
    void fail(const AlsaError &error);

    AlsaPcm pcm_;
    StreamFormat format_;
    const Gain &gain_;
    DeviceListener &listener_;
    PositionReporter reporter_;
    ByteFifo fifo_; // captured and not read
    std::vector<std::byte> scratch_;
    std::uint64_t captured_ = 0; // octets since OPEN
    bool wanted_ = false;
    std::optional<Time> restart_at_; // the card could not be got going
    std::optional<Time> quiet_until_; // as of playback
    AlsaFailure failure_;
};

} // namespace sndback

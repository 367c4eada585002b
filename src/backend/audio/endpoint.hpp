// SPDX-License-Identifier: GPL-2.0-only
//
// Where the frames of a clocked device go to or come from.
#pragma once

#include <cstdint>
#include <span>

#include "audio/frame_clock.hpp"
#include "protocol/format.hpp"

namespace sndback {

class Sink {
  public:
    virtual ~Sink() = default;
    // Whether render() is of any use: no frame is prepared for a sink that drops all.
    [[nodiscard]] virtual bool renders() const = 0;
    // Takes the frames that follow those of the last call: they have been played.
    virtual void render(std::span<const std::byte>)
    {
    }

    // For sinks that have to know what is played when. Announces the frames that are played next
    // after those announced before, whether the clock runs or will. No gain has been applied to
    // them.
    virtual void commit(std::span<const std::byte>)
    {
    }
    // The clock starts to run, or goes on after a pause, at `position` since OPEN, with the frames
    // announced and not withdrawn. Others look at the same clock, so this must take no time,
    // however many they are.
    virtual void start(Time, std::uint64_t)
    {
    }
    // The clock halts before that many octets, the last ones announced, have been played.
    virtual void withdraw(std::uint64_t)
    {
    }
};

class Source {
  public:
    virtual ~Source() = default;
    // The clock starts to run, or goes on after a pause, at `position` since OPEN.
    virtual void start(Time, std::uint64_t)
    {
    }
    // The octets that lie at `position` since OPEN.
    virtual void fill(std::uint64_t position, std::span<std::byte> target) = 0;
};

class NullSink final : public Sink {
  public:
    [[nodiscard]] bool renders() const override
    {
        return false;
    }
};

// Silence as the format defines it.
class SilenceSource final : public Source {
  public:
    explicit SilenceSource(StreamFormat format) : format_(format)
    {
    }
    void fill(std::uint64_t position, std::span<std::byte> target) override;

  private:
    StreamFormat format_;
};

// Pseudo-random octets that are a function of their position only, so that a recording can be
// checked bit for bit and a gap in it be located: octet p is byte (p mod 8), lowest first, of
// splitmix64's output for the state (p div 8 + 1) * 0x9e3779b97f4a7c15.
class PatternSource final : public Source {
  public:
    void fill(std::uint64_t position, std::span<std::byte> target) override;
};

// Sets octets to the format's silence; `position` tells where within a sample they begin.
void fill_silence(const Format &format, std::uint64_t position, std::span<std::byte> target);

} // namespace sndback

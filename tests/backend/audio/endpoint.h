// SPDX-License-Identifier: GPL-2.0-only
//
// Where the frames of a clocked device go to or come from.
#pragma once

#include <cstdint>
#include <span>

#include "protocol/format.h"

namespace sndback {

class Sink {
  public:
    virtual ~Sink() = default;
    // Takes the frames that follow those of the last call.
    virtual void render(std::span<const std::byte> frames) = 0;
};

class Source {
  public:
    virtual ~Source() = default;
    // The octets that lie at `position` since OPEN.
    virtual void fill(std::uint64_t position, std::span<std::byte> target) = 0;
};

class NullSink final : public Sink {
  public:
    void render(std::span<const std::byte>) override
    {
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

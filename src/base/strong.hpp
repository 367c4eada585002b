// SPDX-License-Identifier: GPL-2.0-only
// Numbers of a kind: a byte count is not a frame count.
#pragma once

#include "base/types.hpp"

namespace xen_front {

template <typename Tag, typename Underlying> class Strong {
  public:
    constexpr Strong() = default;
    constexpr explicit Strong(Underlying value) : value_(value)
    {
    }
    constexpr Underlying value() const
    {
        return value_;
    }
    constexpr bool operator==(const Strong &) const = default;
    constexpr bool operator<(Strong other) const
    {
        return value_ < other.value_;
    }
    constexpr bool operator>(Strong other) const
    {
        return value_ > other.value_;
    }
    constexpr bool operator<=(Strong other) const
    {
        return value_ <= other.value_;
    }
    constexpr bool operator>=(Strong other) const
    {
        return value_ >= other.value_;
    }
    constexpr Strong operator+(Strong other) const
    {
        return Strong(value_ + other.value_);
    }
    constexpr Strong operator-(Strong other) const
    {
        return Strong(value_ - other.value_);
    }
    constexpr Strong &operator+=(Strong other)
    {
        value_ += other.value_;
        return *this;
    }

  private:
    Underlying value_ {};
};

// Sizes and positions. The 64 bits of a position last for longer than the hardware.
using Bytes = Strong<struct BytesTag, uint64_t>;
using Frames = Strong<struct FramesTag, uint64_t>;
using GrantRef = Strong<struct GrantRefTag, uint32_t>;
using DomainId = Strong<struct DomainIdTag, uint16_t>;

// The size of one frame, in bits since IMA ADPCM has samples of four: converts between the two.
class FrameSize {
  public:
    constexpr FrameSize() = default;
    // @bits is not zero.
    constexpr explicit FrameSize(uint32_t bits) : bits_(bits)
    {
    }
    constexpr Bytes bytes(Frames frames) const
    {
        return Bytes(frames.value() / 8 * bits_ + frames.value() % 8 * bits_ / 8);
    }
    // Whether each frame ends with a byte.
    constexpr bool fills_bytes() const
    {
        return bits_ % 8 == 0;
    }
    // Whole frames; a part of one is dropped.
    constexpr Frames frames(Bytes bytes) const
    {
        return Frames(bytes.value() / bits_ * 8 + bytes.value() % bits_ * 8 / bits_);
    }

  private:
    uint32_t bits_ = 8;
};

} // namespace xen_front

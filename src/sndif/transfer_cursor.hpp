// SPDX-License-Identifier: GPL-2.0-only
// Which bytes of the shared buffer the next WRITE or READ is about.
#pragma once

#include "base/strong.hpp"

namespace xen_front {

// A run of bytes inside the buffer, not over its end.
struct TransferRange {
    uint32_t offset;
    uint32_t length;
};

// Walks round the buffer. Counts bytes since OPEN.
class TransferCursor {
  public:
    void reset(Bytes buffer)
    {
        buffer_ = buffer;
        sent_ = Bytes();
    }

    // What has been handed out so far.
    Bytes sent() const
    {
        return sent_;
    }
    // The next range on the way to @target: false when that is reached. A range ends at the end of
    // the buffer, so a wrap takes two. @target is at most a buffer ahead of what was consumed.
    bool next(Bytes target, TransferRange &range)
    {
        if (sent_ >= target)
            return false;
        const uint64_t offset = sent_.value() % buffer_.value();
        const uint64_t length = min(target.value() - sent_.value(), buffer_.value() - offset);
        range = { static_cast<uint32_t>(offset), static_cast<uint32_t>(length) };
        sent_ += Bytes(length);
        return true;
    }

  private:
    Bytes buffer_;
    Bytes sent_;
};

} // namespace xen_front

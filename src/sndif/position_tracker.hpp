// SPDX-License-Identifier: GPL-2.0-only
// From the positions a backend reports to the ones ALSA sees.
#pragma once

#include "base/strong.hpp"

namespace xen_front {

// What a position meant.
enum class Progress : uint8_t {
    None, // nothing new, or backwards
    Advanced,
    Xrun, // more than there was to play, or than the buffer can hold
};

// All in frames since OPEN. Two positions are kept: the hardware's, and the one ALSA has been
// shown. ALSA sees positions modulo the buffer, so a step of a whole buffer would look like none;
// it is shown in two.
class PositionTracker {
  public:
    void reset(Frames period, Frames buffer);

    // The backend says @position. @limit is what it can have reached: frames committed for
    // playback, for capture a buffer more than the application has read.
    Progress report(Frames position, Frames limit);

    // Moves what ALSA is shown towards the hardware's position. True when that reached or passed a
    // period boundary. Called until has_more() is false, with ALSA told in between.
    bool show_next();
    bool has_more() const
    {
        return shown_ < hardware_;
    }

    Frames hardware() const
    {
        return hardware_;
    }
    Frames shown() const
    {
        return shown_;
    }
    // What .pointer returns: frames into the buffer.
    uint32_t shown_in_buffer() const
    {
        return static_cast<uint32_t>(shown_.value() % buffer_.value());
    }

  private:
    Frames period_ { 1 };
    Frames buffer_ { 1 };
    Frames hardware_;
    Frames shown_;
};

} // namespace xen_front

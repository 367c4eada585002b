// SPDX-License-Identifier: GPL-2.0-only
// The run of a stream, whichever its direction.
#pragma once

#include "sndif/capture_run.hpp"
#include "sndif/playback_run.hpp"

namespace xen_front {

class StreamRun {
  public:
    explicit StreamRun(bool is_playback)
        : base_(is_playback ? static_cast<Run *>(&playback_) : &capture_), is_playback_(is_playback)
    {
    }
    StreamRun(const StreamRun &) = delete;
    StreamRun &operator=(const StreamRun &) = delete;
    bool is_playback() const
    {
        return is_playback_;
    }
    // What both directions have.
    Run &base()
    {
        return *base_;
    }
    const Run &base() const
    {
        return *base_;
    }
    // Whether the backend may report the same position again and again: see PlaybackRun.
    bool may_stand_still() const
    {
        return is_playback_ && playback_.may_stand_still();
    }
    // Calls @action with the run as what it is.
    template <typename Action> auto visit(Action &&action)
    {
        return is_playback_ ? action(playback_) : action(capture_);
    }
    template <typename Action> auto visit(Action &&action) const
    {
        return is_playback_ ? action(playback_) : action(capture_);
    }
    // Only when is_playback().
    PlaybackRun &playback()
    {
        return playback_;
    }
    const PlaybackRun &playback() const
    {
        return playback_;
    }
    // Only when not is_playback().
    CaptureRun &capture()
    {
        return capture_;
    }
    const CaptureRun &capture() const
    {
        return capture_;
    }

  private:
    PlaybackRun playback_;
    CaptureRun capture_;
    Run *const base_; // one of the two
    const bool is_playback_;
};

} // namespace xen_front

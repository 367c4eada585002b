// SPDX-License-Identifier: GPL-2.0-only
// A run of playback: what the application has committed, what of it the backend was given by
// WRITE, and what it says that it has played.
//
// ALSA is shown what is played. Of a free-wheeling run it is shown what the backend has taken: the
// end of the answered WRITEs. Applications that write in place begin a new sound at the position
// that ALSA shows, so nothing beyond it may be with the backend. What is shown and not played is
// the delay, as of a USB device.
#pragma once

#include "sndif/run.hpp"

namespace xen_front {

// Frames of the buffer to be filled with silence, not over its end.
struct SilenceRange {
    Frames offset;
    Frames count;
};

class PlaybackRun : public Run {
  public:
    // Forgets what was, and begins anew: prepare.
    void prepare(const RunGeometry &geometry);
    // A backend has opened the stream. All that was committed, and neither reported as played nor
    // shown to ALSA, is due to be written to it.
    void begin_session();

    // The application has @queued frames in the buffer that ALSA was not shown as played: .ack.
    // Negative when the position has overtaken its pointer. False when that is more than the buffer
    // holds; then nothing happens. Ignored for a stream that is not prepared, whose pointer ALSA
    // also moves, and for a free-wheeling stream that was started empty, as long as the application
    // writes no further than was already handed over.
    bool commit(int64_t queued);
    // No more will be committed: what is there plays to its end. False when the run does not move.
    // is_elapsed() afterwards means that there is nothing left to play: ALSA has to look, and sees
    // the end overtaken if it had been shown the end before.
    bool drain();
    // Whether silence is missing between what was committed and the end of its last period, as the
    // backend counts them from its OPEN, and there is room for it: a backend that reports whole
    // periods only would never report a part of one. A backend whose device is behind, or whose
    // periods are others, reports the last frames only when more follows: see want_more_silence().
    bool needs_silence() const
    {
        return state_ == RunState::Draining && padded_ < silence_end();
    }
    // The next piece of it, of at most @count_max frames. False when none is missing.
    bool next_silence(Frames count_max, SilenceRange &range);

    // The backend has played @reported bytes since OPEN: any number. What lies beyond what it was
    // given, and the application has committed, is silence of its own, and does not count. Returns
    // how far that moves reported().
    Move report(Bytes reported);
    // The backend has reported the same again, or nothing for a while. If it has been given all
    // that it was to be, and by its own account has not played all of it, another period of silence
    // is due.
    void want_more_silence();

    // The next range to be sent by WRITE; then on_transfer_sent(), or it is given again.
    bool next_transfer(TransferRange &range);
    void on_transfer_sent(RequestId id)
    {
        add_transfer(id);
    }
    // The response to a WRITE, or to an earlier run's.
    TransferResult on_response(RequestId id, int32_t status);
    // What was taken, and ALSA was not shown, is given again.
    void forget_transfers()
    {
        Run::forget_transfers();
        visible_ = max(position_, shown_);
    }

    // Whether the application writes in place: it has committed nothing beyond what was handed
    // over.
    bool is_free_wheeling() const
    {
        return is_unstoppable_ && committed_ == Frames();
    }
    Frames committed() const
    {
        return committed_;
    }
    // What ALSA was shown and is not played yet: 0 unless has_delay().
    Frames delay() const
    {
        return shown_ - min(shown_, position_);
    }
    // What the backend has played.
    Frames reported() const
    {
        return position_;
    }
    // Whether frames wait for a WRITE to be answered, or the end of a period does.
    [[gnu::always_inline]] bool wants_responses() const
    {
        return (in_flight_ == transfer_window && requested_ < target()) ||
               (is_free_wheeling() && is_period_due());
    }
    // Whether no more than two periods are left: what is being drained has to be known by then.
    bool is_running_low() const
    {
        return committed_ <= position_ + geometry_.period + geometry_.period;
    }
    // Whether it only goes on when what the backend reports is looked at.
    bool needs_reports() const
    {
        return state_ == RunState::Draining || (was_unstoppable_ && is_in_place());
    }
    // Whether this backend has reported that it plays.
    bool has_begun() const
    {
        return position_ > base_;
    }
    // Whether the backend has enough to play until it has to report a position.
    bool expects_position() const;
    // Whether the backend may report the same position again and again. It has been handed all that
    // the application has written, and the application has room for a period more: a device that
    // is behind may play the rest only when more follows.
    bool may_stand_still() const;

  private:
    // Free-wheeling, frames are handed over so far ahead of what is played: the backend has a
    // period in hand.
    static constexpr uint64_t periods_ahead = 2;

    // Whether there is nothing left to play, and ALSA has to decide what that means.
    bool has_run_out() const
    {
        return !is_free_wheeling() && position_ >= committed_;
    }
    [[gnu::cold, gnu::noinline]] void run_out();
    // Up to where the backend is given the buffer, as far as it goes now.
    Bytes target() const;
    // Where the silence ends that is to be written now.
    Frames silence_end() const;

    // ---- Of a run that was_unstoppable(): out of the way of the others ----

    // Whether it free-wheels, or has a delay from that.
    [[gnu::cold, gnu::noinline]] bool is_in_place() const;
    [[gnu::cold, gnu::noinline]] Bytes target_in_place() const;
    // Whether the response to what is in flight ends a period.
    [[gnu::cold, gnu::noinline]] bool is_period_due() const;
    [[gnu::cold, gnu::noinline]] Move report_in_place(Bytes reported);
    // The backend has all before @end.
    [[gnu::cold, gnu::noinline]] void take(Frames end);

    Frames committed_; // by the application
    Frames padded_; // the same and, draining, the silence behind it
    Frames extra_; // silence behind the end of its last period
};

} // namespace xen_front

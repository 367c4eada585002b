// SPDX-License-Identifier: GPL-2.0-only
// A run of capture: what the backend says that it has recorded, what of it was asked for by READ,
// and what is in the buffer.
#pragma once

#include "sndif/run.hpp"

namespace xen_front {

// A backend that holds a READ until it has recorded all of it is asked a period ahead: its response
// is then the only interrupt of a period. The driver finds out when the response arrives. If the
// backend has not reported those frames by then, the driver keeps them from ALSA until it does, and
// sends this backend no more READs ahead of time.
class CaptureRun : public Run {
  public:
    // Forgets what was, and begins anew: prepare.
    void prepare(const RunGeometry &geometry);
    // There is another backend, of which it is not known whether it holds READs.
    void meet_backend();
    // A backend has opened the stream. Recording goes on behind what is in the buffer.
    void begin_session();

    // The application has @readable frames in the buffer that it has not read yet: .ack. False
    // when that is more than the buffer holds, unless the application need not keep up: then it has
    // a whole buffer to read. What it has read before, and goes back to, READs may overwrite. ALSA
    // also moves the pointer of streams that are not prepared: that is nothing.
    bool commit(int64_t readable);

    // The backend has recorded @reported bytes since OPEN: any number. Whole periods that are more
    // than a buffer beyond the room there is count as lost. Returns how far that moves reported().
    Move report(Bytes reported);

    // Whether the backend records, so that a READ may be sent ahead. A READ in flight when the
    // backend stops recording is not judged.
    void set_recording(bool is_recording);
    // The next range to be fetched by READ; then on_transfer_sent().
    bool next_transfer(TransferRange &range);
    // The request of the range that next_transfer() gave last was put into the ring as @id. A range
    // that was not is given again.
    void on_transfer_sent(RequestId id);
    // The response to a READ, or to an earlier run's. If is_ahead(), all that the backend has
    // reported before is to be told first. What all READs up to the first unanswered one have
    // fetched, as far as the backend has reported it, is position().
    TransferResult on_response(RequestId id, int32_t status);
    // Whether a READ that was sent ahead is in flight.
    bool is_ahead() const
    {
        return is_ahead_ && in_flight_ > 0;
    }
    // Whether it is not known yet that the backend holds READs.
    bool is_on_trial() const
    {
        return held_ == 0;
    }
    // Whether its response is all that an interrupt is needed for.
    bool needs_no_reports() const
    {
        return is_ahead() && held_ == held_enough;
    }

    // Whether the application reads in place, and never tells how far.
    bool is_free_wheeling() const
    {
        return is_unstoppable_ && read_ == Frames();
    }
    // What the application has read.
    Frames committed() const
    {
        return read_;
    }
    // What the backend has captured, as far as the buffer has room.
    Frames reported() const
    {
        return captured_;
    }
    // Whether this backend has reported that it records.
    bool has_begun() const
    {
        return reported_ > base_;
    }
    // Whether a READ has to be answered before ALSA can be shown more.
    bool wants_responses() const
    {
        return in_flight_ > 0;
    }
    // Whether the backend has to report a position, or to answer a READ. Of a full buffer there is
    // nothing to report until the application reads.
    bool expects_position() const
    {
        return is_moving() && (in_flight_ > 0 || captured_ < align_down(limit()));
    }

  private:
    // After so many READs that it held, the backend is known to do so.
    static constexpr uint32_t held_enough = 3;

    // Up to where there is room in the buffer. A reader that never moves its pointer has the buffer
    // overwritten, one round at a time.
    Frames limit() const
    {
        return (is_free_wheeling() ? position_ : read_) + geometry_.buffer;
    }
    // The range of the next period, up to which the backend will report. False when none is to be
    // sent ahead: over the end of the buffer it would be two, of which the first ends nowhere.
    bool next_range_ahead(TransferRange &range);
    void judge_backend(bool was_held);
    // What is reported is captured as far as there is room by now.
    void take_room();
    // Shows what was both fetched and reported.
    void go_on();

    bool is_recording_ = false;
    bool is_ahead_ = false;
    bool is_verdict_void_ = false; // what becomes of it says nothing about the backend
    RequestId ahead_; // if is_ahead_
    bool answers_early_ = false; // the backend
    uint32_t held_ = 0; // READs in a row, up to held_enough
    Frames read_; // by the application
    Frames reported_; // by the backend, without what is lost
    Frames lost_; // since OPEN
    Frames captured_; // of that, as far as the buffer has had room
    Frames fetched_; // by READs that are answered
};

} // namespace xen_front

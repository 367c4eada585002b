// SPDX-License-Identifier: GPL-2.0-only
// A run of capture: what the backend says that it has recorded, what of it was asked for by READ,
// and what is in the buffer.
#pragma once

#include "sndif/run.hpp"

namespace xen_front {

class CaptureRun : public Run {
  public:
    // Forgets what was, and begins anew: prepare.
    void prepare(const RunGeometry &geometry);
    // A backend has opened the stream. Recording goes on behind what is in the buffer.
    void begin_session();

    // The application has @readable frames in the buffer that it has not read yet: .ack. False
    // when that is more than the buffer holds, unless the application need not keep up: then it has
    // a whole buffer to read. ALSA also moves the pointer of streams that are not prepared: that is
    // nothing.
    bool commit(int64_t readable);

    // The backend has recorded @reported bytes since OPEN: any number. What the buffer has no room
    // for is lost. True when that is news.
    bool report(Bytes reported);

    // The next range to be fetched by READ; then on_transfer_sent().
    bool next_transfer(TransferRange &range);
    // The response to a READ, or to an earlier run's. What all READs up to the first unanswered
    // one have fetched is position().
    TransferResult on_response(RequestId id, int32_t status);

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
    // Whether the application reads in place, and never tells how far.
    bool is_free_wheeling() const
    {
        return is_unstoppable_ && read_ == Frames();
    }
    // Up to where there is room in the buffer. A reader that never moves its pointer has the buffer
    // overwritten, one round at a time.
    Frames limit() const
    {
        return (is_free_wheeling() ? position_ : read_) + geometry_.buffer;
    }

    Frames read_; // by the application
    Frames captured_; // by the backend, as far as the buffer has room
};

} // namespace xen_front

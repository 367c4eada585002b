// SPDX-License-Identifier: GPL-2.0-only
// Which volume and mute requests the backend has to be sent: sndif.h, "Request set/get volume" and
// "Request mute/unmute". sndif has no way to ask whether a backend knows them, so each OPEN tries.
// The driver removes a control that the backend refuses: a sound server that finds one uses it as
// the volume, and does not scale samples itself.
#pragma once

#include "driver/mixer.hpp"
#include "driver/shared_buffer.hpp"
#include "sndif/request_ring.hpp"

namespace xen_front {

// The ring lock covers every call. Context: any. A row of values is not touched while a request
// for it is in flight: the backend may be looking at it.
class ValueRequests {
  public:
    explicit ValueRequests(Mixer &mixer) : mixer_(mixer)
    {
    }
    // There is another backend.
    void meet_backend()
    {
        for (Row &row : rows_)
            row = Row();
    }
    // A backend opens the stream with rows of @channels values in @buffer: all are due.
    void open(const SharedBuffer &buffer, uint32_t channels);
    // It opens it without them, or closes it: none are.
    void close(bool is_refused);
    // The application has set the control.
    void on_put(kshim_control_kind kind);

    // The next request that is due, with its row written; then on_sent(). False when there is none.
    bool next(wire::Request &request);
    void on_sent(wire::Operation operation, RequestId id);
    // Takes the response to any volume or mute request; those of an earlier session are passed
    // over.
    void on_response(const Response &response);
    // Whether all is as the controls show.
    bool are_settled() const;

    // ---- What ALSA has to be told of the controls: see Stream::update_controls() ----

    // Whether the volumes shown are others, because the backend said so.
    bool have_volumes_changed() const
    {
        return have_volumes_changed_;
    }
    bool exchange_volumes_changed()
    {
        return exchange(have_volumes_changed_, false);
    }
    // Which controls there should be.
    struct Controls {
        bool is_shown[KSHIM_CONTROL_KINDS];
        bool operator==(const Controls &) const = default;
    };
    // Whether that has changed since the last call.
    bool exchange_controls();
    const Controls &controls() const
    {
        return controls_;
    }
    // The card has the controls @shown now, as far as their names are not taken.
    void on_controls_shown(const Controls &shown)
    {
        shown_ = shown;
    }
    // Whether prepare() should wait: the backend has yet to answer which controls it can do, or the
    // card does not show them yet.
    bool are_controls_due() const;
    // It has waited long enough for this OPEN.
    void end_wait()
    {
        is_wait_over_ = true;
    }

  private:
    // What a backend makes of a control. What it has once accepted it may refuse another time: for
    // the format of an OPEN, or because it is busy.
    enum class Support : uint8_t {
        Unknown,
        Refused,
        Accepted,
    };
    enum class RowState : uint8_t {
        Settled,
        Due,
        Sent,
        SentAndDue, // to be sent once more, as its values have changed since
        GivenUp, // nothing is sent before an earlier one is answered
    };

    struct Row {
        RowState state = RowState::Settled;
        bool is_refused = false; // the last time
        bool was_accepted = false; // by this backend
        RequestId id; // of the last one that was sent, until it is answered
        bool is_unanswered() const
        {
            return !(id == RequestId());
        }
    };

    Row &row_of(wire::Operation operation)
    {
        return rows_[value_row_index(operation)];
    }
    const Row &row_of(wire::Operation operation) const
    {
        return rows_[value_row_index(operation)];
    }
    void make_due(wire::Operation operation);
    // Writes the row; false when no channel is concerned.
    bool write_row(wire::Operation operation);
    void on_volumes_read(bool is_refused);
    Support support(kshim_control_kind kind) const;

    Mixer &mixer_;
    const SharedBuffer *buffer_ = nullptr; // nullptr: no rows
    uint32_t channels_ = 0;
    Row rows_[value_rows];
    Mixer::Written asked_with_ = {}; // what the row of GET_VOLUME was made from
    bool have_volumes_changed_ = false;
    bool is_without_rows_ = false; // the backend has refused them
    Controls controls_ = { { true, true } };
    Controls shown_ = controls_;
    bool is_wait_over_ = false; // of prepare(), for this OPEN
};

} // namespace xen_front

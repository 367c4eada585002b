// SPDX-License-Identifier: GPL-2.0-only
// Where a backend begins to count the positions that it reports. sndif.h does not say; most count
// from OPEN on. snd_be's PipeWire output continues from where the previous session ended, and
// counts in 32 bits.
#pragma once

#include "base/strong.hpp"

namespace xen_front {

// Pure: the caller's ring lock covers every call. A session is what lies between OPEN and CLOSE.
class PositionOrigin {
  public:
    // There is another backend, whose first session begins at zero in either way.
    void meet_backend()
    {
        *this = PositionOrigin();
    }
    // A session has ended in which @transferred was sent or asked for; it may end several times, in
    // parts. The first that ends was that of another backend, or of none.
    void end_session(Bytes transferred)
    {
        if (!exchange(is_new_, false))
            transferred_ += transferred;
    }
    void begin_session()
    {
        if (is_known_ && last_ > Bytes() && last_ < absurd)
            last_before_ = last_;
        last_ = Bytes();
        origin_ = Bytes();
        wrapped_ = Bytes();
        is_known_ = false;
    }
    // The backend has reported a position: any number. Whether that goes back in this session. Of a
    // backend that counts with 32 bits, @reported becomes what it means. Then learn(), if
    // needs_learning().
    bool note(Bytes &reported)
    {
        if (is_known_ && reported < word) {
            const Bytes meant = reported + wrapped_;
            if (meant + half_word < last_ && last_ < absurd)
                wrapped_ += word;
            reported += wrapped_;
        }
        reports_below_ =
            is_known_ && reported < origin_ ? min(reports_below_ + 1, enough_below) : 0;
        return reported < exchange(last_, reported);
    }
    // True if the origin of this session is not known yet, or was learned from a report about the
    // previous session: a backend that never stops reporting may send one such report even after it
    // has begun to carry out START. Two reports below the origin show that, whether learn() was
    // called for them or not.
    bool needs_learning() const
    {
        return !is_known_ || reports_below_ == enough_below;
    }
    // The @first report since START; it may become another, as in note(). @most is what the backend
    // can have moved since OPEN.
    void learn(Bytes &first, Bytes most)
    {
        if (exchange(is_known_, true))
            goes_on_ = went_on_;
        went_on_ = goes_on_;
        reports_below_ = 0;
        // A backend may have counted, too, what it was given and had not come to when it was
        // closed; or not what it had recorded and was not asked for.
        const Bytes all = max(transferred_, last_before_);
        const Bytes least = min(transferred_, last_before_);
        if (first < least && first < word && (goes_on_ || first > most)) {
            const Bytes meant = next_of_word(first, least);
            if (meant <= least + most || (meant >= all && meant <= all + most)) {
                wrapped_ = meant - first;
                first = last_ = meant;
            }
        }
        if (first < least)
            goes_on_ = false;
        const Bytes before = first >= all ? all : least;
        goes_on_ |= first > most && first >= before && before > Bytes() && first < absurd;
        origin_ = goes_on_ ? before : Bytes();
    }
    // The bytes that the backend has moved since OPEN, as it says: any number.
    Bytes since_open(Bytes reported) const
    {
        return reported - min(reported, origin_);
    }

  private:
    // So many reports in a row below the origin say that it is wrong.
    static constexpr int enough_below = 2;
    // No stream was ever that long.
    static constexpr Bytes absurd { uint64_t { 1 } << 56 };
    // What a count of 32 bits wraps at.
    static constexpr Bytes word { uint64_t { 1 } << 32 };
    static constexpr Bytes half_word { uint64_t { 1 } << 31 };

    // The first position from @least on of which a backend that counts with 32 bits reports
    // @reported.
    static constexpr Bytes next_of_word(Bytes reported, Bytes least)
    {
        const Bytes meant(least.value() / word.value() * word.value() + reported.value());
        return meant < least ? meant + word : meant;
    }

    bool is_new_ = true; // no session with this backend has begun
    bool goes_on_ = false; // the backend, as one of its sessions has shown
    bool went_on_ = false; // the same, before this session
    bool is_known_ = false;
    int reports_below_ = 0; // the origin, the last ones, up to enough_below
    Bytes origin_; // of this session
    Bytes last_; // report of this session
    Bytes wrapped_; // a multiple of 2^32: to be added to its reports
    Bytes last_before_; // of the session before that
    Bytes transferred_; // in all sessions that have ended
};

} // namespace xen_front

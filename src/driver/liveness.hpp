// SPDX-License-Identifier: GPL-2.0-only
// Whether the backend of a stream still shows activity where it has to.
#pragma once

#include "base/strong.hpp"
#include "base/types.hpp"

namespace xen_front {

// Pure: the caller's ring lock covers every call. The audio path only counts; the card's
// maintenance reads the clock.
class Liveness {
  public:
    // The backend has responded, or reported progress.
    void on_activity()
    {
        activity_++;
    }
    uint32_t activity() const
    {
        return activity_;
    }
    // Whether it has shown no activity for @timeout_ms although it has to, as far as looks can
    // tell: time counts from the last look at which it had shown some, or did not have to.
    bool is_overdue(uint64_t now_ms, bool is_expected, unsigned int timeout_ms)
    {
        if (!is_expected || exchange(seen_, activity_) != activity_ || !was_expected_) {
            was_expected_ = is_expected;
            silent_since_ms_ = now_ms;
            return false;
        }
        return now_ms - silent_since_ms_ >= timeout_ms;
    }
    // Whether the backend has shown no activity since the last look.
    bool is_silent() const
    {
        return seen_ == activity_;
    }
    // By @now_ms the backend has reported or answered @count times, repetitions included.
    void hear(uint64_t count, uint64_t now_ms)
    {
        if (exchange(heard_, count) != count)
            heard_at_ms_ = now_ms;
    }
    // Whether the backend has reported or answered in the last @timeout_ms, as far as hear() knows.
    bool was_heard(uint64_t now_ms, unsigned int timeout_ms) const
    {
        return heard_ != 0 && now_ms - heard_at_ms_ < timeout_ms;
    }
    // There is another backend: the silence of the one before is not its own.
    void on_attach()
    {
        was_expected_ = false;
    }
    // Whether it had to show activity, at the last look.
    bool was_expected() const
    {
        return was_expected_;
    }
    // The last look at which all was well.
    uint64_t silent_since_ms() const
    {
        return silent_since_ms_;
    }

    // ---- Of a run that should go on ----

    // The backend is overdue, of which nothing was heard since @since_ms. The run is at @position.
    void begin_standstill(uint64_t since_ms, Frames position)
    {
        if (stands_since_ms_ != 0)
            return;
        stands_since_ms_ = max(since_ms, uint64_t { 1 });
        stands_at_ = position;
    }
    // The run has come to @position: a backend that is back, but does not go on by a @period, is
    // still overdue.
    void on_position(Frames position, Frames period)
    {
        if (position >= stands_at_ + period)
            end_standstill();
    }
    // So many frames are lost: the run is further on, and has not played them.
    void skip(Frames frames)
    {
        stands_at_ += frames;
    }
    // Positions begin at zero again.
    void on_prepare()
    {
        stands_at_ = Frames();
    }
    void end_standstill()
    {
        stands_since_ms_ = 0;
    }
    // 0: it goes on.
    uint64_t stands_since_ms() const
    {
        return stands_since_ms_;
    }

  private:
    uint64_t stands_since_ms_ = 0;
    Frames stands_at_;
    uint64_t silent_since_ms_ = 0;
    uint64_t heard_ = 0;
    uint64_t heard_at_ms_ = 0;
    uint32_t activity_ = 0;
    uint32_t seen_ = 0; // of activity_, at the last look
    bool was_expected_ = false; // at the last look
};

} // namespace xen_front

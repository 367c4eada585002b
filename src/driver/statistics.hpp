// SPDX-License-Identifier: GPL-2.0-only
// What a stream counts, from the making of its card on. Plain numbers without a lock of their own:
// the ring lock covers every use.
#pragma once

#include "sndif/request_ring.hpp"

namespace xen_front {

// How long answers took, in microseconds.
class RoundTrips {
  public:
    // Bucket N counts those of 2^N microseconds and more, the first also what is less than one and
    // the last all that is longer.
    static constexpr uint32_t bucket_count = 24;

    void add(uint64_t microseconds)
    {
        min_ = count_ == 0 ? microseconds : xen_front::min(min_, microseconds);
        max_ = xen_front::max(max_, microseconds);
        sum_ += microseconds;
        count_++;
        buckets_[bucket_of(microseconds)]++;
    }
    uint64_t count() const
    {
        return count_;
    }
    uint64_t min() const
    {
        return min_;
    }
    uint64_t max() const
    {
        return max_;
    }
    // Rounded down; 0 when there was none.
    uint64_t average() const
    {
        return count_ == 0 ? 0 : sum_ / count_;
    }
    // Where a bucket begins.
    static constexpr uint64_t from_us(uint32_t bucket)
    {
        return bucket == 0 ? 0 : uint64_t { 1 } << bucket;
    }
    uint64_t in_bucket(uint32_t bucket) const
    {
        return buckets_[bucket];
    }

  private:
    static constexpr uint32_t bucket_of(uint64_t microseconds)
    {
        uint32_t bucket = 0;
        while (bucket + 1 < bucket_count && microseconds >> (bucket + 1) != 0)
            bucket++;
        return bucket;
    }

    uint64_t count_ = 0;
    uint64_t sum_ = 0;
    uint64_t min_ = 0;
    uint64_t max_ = 0;
    uint64_t buckets_[bucket_count] = {};
};

// What went wrong last.
struct LastError {
    enum class Kind : uint8_t {
        None,
        Xrun,
        Refused, // operation, status
        Unanswered, // operation
        Stalled,
        Violation, // violation
    };

    Kind kind = Kind::None;
    wire::Operation operation = wire::Operation::Open;
    int32_t status = 0;
    Violation violation = Violation::None;
};

struct Statistics {
    static constexpr uint32_t operation_count =
        static_cast<uint8_t>(wire::Operation::HwParamQuery) + 1;
    static constexpr uint32_t violation_count = static_cast<uint8_t>(Violation::EventIndex) + 1;

    uint64_t requests[operation_count] = {}; // by operation
    uint64_t responses = 0;
    uint64_t refusals = 0; // the responses with a status other than 0
    uint64_t events = 0; // positions the backend has reported
    uint64_t backward_positions = 0; // of them
    uint64_t interrupts = 0;
    uint64_t spurious_interrupts = 0; // of them, those without news
    uint64_t notifications_sent = 0;
    uint64_t notifications_held_off = 0; // because the backend was busy anyway
    uint64_t coalesced_writes = 0; // times the application wrote what had to go with later frames
    uint64_t xruns = 0;
    uint64_t stalls = 0;
    uint64_t violations[violation_count] = {}; // by kind
    RoundTrips round_trips;
    LastError last_error;
    uint64_t sent_us[wire::ring_size] = {}; // of requests in flight that are timed

    // Whether somebody looks for the answer as soon as it is there. Those to WRITE and to PAUSE are
    // taken when something else comes by: when they came, nobody knows.
    static constexpr bool is_timed(wire::Operation operation, wire::TriggerType trigger)
    {
        if (operation == wire::Operation::Trigger)
            return trigger != wire::TriggerType::Pause;
        return operation != wire::Operation::Write;
    }

    // @now_us: of any clock that only goes forward; unused unless the request is timed.
    void on_request(wire::Operation operation, RequestId id, uint64_t now_us)
    {
        requests[static_cast<uint8_t>(operation)]++;
        sent_us[slot_of(id)] = now_us;
    }
    void on_answer(const Answer &answer, uint64_t now_us)
    {
        responses++;
        if (is_timed(answer.operation, answer.trigger))
            round_trips.add(now_us - sent_us[slot_of(answer.id)]);
        if (answer.status == 0)
            return;
        refusals++;
        last_error = { LastError::Kind::Refused, answer.operation, answer.status, Violation::None };
    }
    void on_notification(bool is_sent)
    {
        (is_sent ? notifications_sent : notifications_held_off)++;
    }
    void on_xrun()
    {
        xruns++;
        last_error = LastError();
        last_error.kind = LastError::Kind::Xrun;
    }
    void on_stall()
    {
        stalls++;
        last_error = LastError();
        last_error.kind = LastError::Kind::Stalled;
    }
    void on_time_out(wire::Operation operation)
    {
        last_error = { LastError::Kind::Unanswered, operation, 0, Violation::None };
    }
    void on_violation(Violation violation)
    {
        violations[static_cast<uint8_t>(violation)]++;
        last_error = LastError();
        last_error.kind = LastError::Kind::Violation;
        last_error.violation = violation;
    }

  private:
    // No two requests in flight have ids that agree in these bits.
    static constexpr uint32_t slot_of(RequestId id)
    {
        return id.value() % wire::ring_size;
    }
};

} // namespace xen_front

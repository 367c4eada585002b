// SPDX-License-Identifier: GPL-2.0-only
// How long the backend takes to answer, by operation, from the making of a stream's card on. Plain
// numbers without a lock of their own: the ring lock covers every use.
#pragma once

#include "sndif/request_ring.hpp"

namespace xen_front {

// The answers to requests of one operation, and how long those took that were timed, in
// microseconds.
class RoundTrips {
  public:
    // Bucket N counts those of 2^N microseconds and more, the first also what is less than one and
    // the last all that is longer.
    static constexpr uint32_t bucket_count = 24;

    // An answer of which nobody knows how long it took.
    void add()
    {
        count_++;
    }
    void add(uint64_t microseconds)
    {
        min_ = timed_ == 0 ? microseconds : xen_front::min(min_, microseconds);
        max_ = xen_front::max(max_, microseconds);
        sum_ += microseconds;
        count_++;
        buckets_[bucket_of(microseconds)]++;
        timed_++;
    }
    // All answers, timed or not.
    uint64_t count() const
    {
        return count_;
    }
    uint64_t timed() const
    {
        return timed_;
    }
    uint64_t min() const
    {
        return min_;
    }
    uint64_t max() const
    {
        return max_;
    }
    // Rounded down; 0 when none was timed.
    uint64_t average() const
    {
        return timed_ == 0 ? 0 : sum_ / timed_;
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
        const auto log2 = static_cast<uint32_t>(63 - __builtin_clzll(microseconds | 1));
        return xen_front::min(log2, bucket_count - 1);
    }

    uint64_t count_ = 0;
    uint64_t timed_ = 0;
    uint64_t sum_ = 0;
    uint64_t min_ = 0;
    uint64_t max_ = 0;
    uint64_t buckets_[bucket_count] = {};
};

// Those of all operations of one stream.
class RoundTripTimes {
  public:
    // @clock() is the time in microseconds, by any clock that only goes forward. It is not looked
    // at for what is not timed.
    template <typename Clock>
    void on_request(const wire::Request &request, RequestId id, Clock &&clock)
    {
        if (is_timed(request.operation, request.trigger.type))
            sent_us_[slot_of(id)] = clock();
    }
    template <typename Clock> void on_answer(const Answer &answer, Clock &&clock)
    {
        RoundTrips &round_trips = round_trips_[static_cast<uint8_t>(answer.operation)];
        if (is_timed(answer.operation, answer.trigger))
            round_trips.add(clock() - sent_us_[slot_of(answer.id)]);
        else
            round_trips.add();
    }
    const RoundTrips &of(wire::Operation operation) const
    {
        return round_trips_[static_cast<uint8_t>(operation)];
    }
    // Answers to requests of any operation.
    uint64_t count() const
    {
        uint64_t sum = 0;
        for (const RoundTrips &one : round_trips_)
            sum += one.count();
        return sum;
    }

  private:
    // Whether somebody looks for the answer as soon as it is there. Those to WRITE and to PAUSE are
    // taken when something else comes by: when they came, nobody knows.
    static constexpr bool is_timed(wire::Operation operation, wire::TriggerType trigger)
    {
        if (operation == wire::Operation::Trigger)
            return trigger != wire::TriggerType::Pause;
        return operation != wire::Operation::Write;
    }
    // No two requests in flight have ids that agree in these bits.
    static constexpr uint32_t slot_of(RequestId id)
    {
        return id.value() % wire::ring_size;
    }

    RoundTrips round_trips_[wire::operation_count];
    uint64_t sent_us_[wire::ring_size] = {}; // of requests in flight that are timed
};

} // namespace xen_front

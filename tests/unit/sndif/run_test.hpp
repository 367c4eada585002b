// SPDX-License-Identifier: GPL-2.0-only
// A run under test, told what happens in plain numbers.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "sndif/run.hpp"

namespace xen_front {

inline bool operator==(const TransferRange &one, const TransferRange &other)
{
    return one.offset == other.offset && one.length == other.length;
}

inline std::ostream &operator<<(std::ostream &out, const TransferRange &range)
{
    return out << range.length << " bytes at " << range.offset;
}

} // namespace xen_front

namespace xen_front::test {

constexpr uint64_t endless = ~uint64_t { 0 };

using Ranges = std::vector<TransferRange>;

template <typename RunType> class RunTest : public ::testing::Test {
  protected:
    void prepare(uint64_t period, uint64_t buffer, uint32_t frame_bits = 8)
    {
        run.prepare({ FrameSize(frame_bits), Frames(period), Frames(buffer) });
    }
    bool commit(uint64_t frames)
    {
        return run.commit(static_cast<int64_t>(frames));
    }
    Move report(uint64_t bytes)
    {
        return run.report(Bytes(bytes));
    }
    // Sends what can be sent, under the next ids.
    Ranges send()
    {
        Ranges ranges;
        TransferRange range = {};
        while (run.next_transfer(range)) {
            run.on_transfer_sent(RequestId(next_id++));
            ranges.push_back(range);
        }
        return ranges;
    }
    TransferResult respond(uint16_t id, int32_t status = 0)
    {
        return run.on_response(RequestId(id), status);
    }
    // Answers all that is in flight, in order.
    void respond_to_all()
    {
        for (uint32_t i = run.in_flight(); i > 0; i--)
            EXPECT_EQ(respond(static_cast<uint16_t>(next_id - i)), TransferResult::Done);
    }
    // Shows ALSA all there is.
    void show_all()
    {
        while (run.shown() < run.position())
            run.look_at_position();
    }
    uint64_t position() const
    {
        return run.position().value();
    }
    uint64_t shown() const
    {
        return run.shown().value();
    }

    RunType run;
    uint16_t next_id = 0;
};

} // namespace xen_front::test

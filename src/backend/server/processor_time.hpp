// SPDX-License-Identifier: GPL-2.0-only
//
// Processor time that a device takes: one may take a hundred times as much as another.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

#include "audio/frame_clock.hpp"

namespace sndback {

// How long the calling thread has run so far.
[[nodiscard]] inline Time thread_processor_time()
{
    timespec now {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Charges a guest, in octets of work, with the processor time that passes as long as this lives,
// unless the session charges more in that time. The charge has a limit: while the guest pays it
// off, xen-sndback serves none of its streams, and its frontend takes a backend that answers late
// for dead.
class ProcessorCharge {
  public:
    ProcessorCharge(std::uint64_t &work, Time (*clock)())
        : work_(work), work_before_(work), clock_(clock), begin_(clock())
    {
    }
    ~ProcessorCharge()
    {
        const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(clock_() - begin_);
        work_ = std::max(work_, work_before_ +
                                    static_cast<std::uint64_t>(std::min(taken, longest).count()) *
                                        octets_per_us);
    }
    ProcessorCharge(const ProcessorCharge &) = delete;
    ProcessorCharge &operator=(const ProcessorCharge &) = delete;

    // A processor copies and scales at least so many octets in a microsecond.
    static constexpr std::uint64_t octets_per_us = 256;
    // Of the default quota, some 60 ms of requests.
    static constexpr std::chrono::microseconds longest { 20'000 };

  private:
    std::uint64_t &work_;
    std::uint64_t work_before_;
    Time (*clock_)();
    Time begin_;
};

} // namespace sndback

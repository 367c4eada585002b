// SPDX-License-Identifier: GPL-2.0-only
//
// What a device takes of the processor: of one device and another, that differs a hundredfold.
#pragma once

#include <time.h>

#include <algorithm>
#include <cstdint>

#include "audio/frame_clock.hpp"

namespace sndback {

// For which the calling thread has had a processor.
[[nodiscard]] inline Time thread_processor_time()
{
    timespec now {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

// Charges a guest, in octets of work, with the processor time that passes as long as this lives,
// unless it is charged with more meanwhile.
class ProcessorCharge {
  public:
    ProcessorCharge(std::uint64_t &work, Time (*clock)())
        : work_(work), work_before_(work), clock_(clock), begin_(clock())
    {
    }
    ~ProcessorCharge()
    {
        const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(clock_() - begin_);
        work_ = std::max(work_,
                         work_before_ + static_cast<std::uint64_t>(taken.count()) * octets_per_us);
    }
    ProcessorCharge(const ProcessorCharge &) = delete;
    ProcessorCharge &operator=(const ProcessorCharge &) = delete;

    // At least so many are moved in that time, and have their volume set.
    static constexpr std::uint64_t octets_per_us = 256;

  private:
    std::uint64_t &work_;
    std::uint64_t work_before_;
    Time (*clock_)();
    Time begin_;
};

} // namespace sndback

// SPDX-License-Identifier: GPL-2.0-only
// How players with small buffers run.
#pragma once

namespace selftest {

// For as long as it lives, no other process of the guest delays the calling thread (SCHED_FIFO),
// nor does a disk: what the process consists of by now is locked in memory. The report says so when
// the kernel refuses that.
class RealTime {
  public:
    RealTime();
    ~RealTime();
    RealTime(const RealTime &) = delete;
    RealTime &operator=(const RealTime &) = delete;
};

} // namespace selftest

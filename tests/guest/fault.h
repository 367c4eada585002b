// SPDX-License-Identifier: GPL-2.0-only
// The kernel's fault injection, one task at a time: see fault-injection.rst, "fail-nth". Which
// allocations can fail at all is set up by faults.sh.
#pragma once

#include <string>

namespace selftest {

// A task whose n-th allocation from now on fails, whatever its context allows.
class FaultyTask {
  public:
    // The task that @directory of /proc is about.
    explicit FaultyTask(const std::string &directory);
    ~FaultyTask();
    FaultyTask(const FaultyTask &) = delete;
    FaultyTask &operator=(const FaultyTask &) = delete;

    // Allocation @number, from 1 on, is to fail.
    void arm(unsigned int number);
    // None is to fail any more. Whether the one that was to fail has been reached.
    bool disarm();

  private:
    int descriptor_;
};

} // namespace selftest

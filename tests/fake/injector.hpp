// SPDX-License-Identifier: GPL-2.0-only
// Makes chosen calls of the shim fail, each as it does in the kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace xen_front::fake {

class Injector {
  public:
    // Call number @call from now on fails, counted from 0 over all calls that can.
    void fail_call(uint64_t call)
    {
        calls_ = 0;
        failing_call_ = call;
        failed_.reset();
    }
    void stop()
    {
        failing_call_.reset();
    }
    // How many calls that can fail were made since fail_call(), or since the start.
    uint64_t calls() const
    {
        return calls_;
    }

    struct Failure {
        std::string function;
        int error; // negative errno
    };
    // What was made to fail, if anything was yet.
    const std::optional<Failure> &failed() const
    {
        return failed_;
    }

    // For the shim: the next call is one of @function, which fails with @error.
    bool is_failing(const char *function, int error)
    {
        if (calls_++ != failing_call_)
            return false;
        failed_ = Failure { function, error };
        return true;
    }

  private:
    uint64_t calls_ = 0;
    std::optional<uint64_t> failing_call_;
    std::optional<Failure> failed_;
};

} // namespace xen_front::fake

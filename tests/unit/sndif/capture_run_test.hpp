// SPDX-License-Identifier: GPL-2.0-only
// A run of capture under test.
#pragma once

#include "run_test.hpp"
#include "sndif/capture_run.hpp"

namespace xen_front::test {

class CaptureRunTest : public RunTest<CaptureRun> {
  protected:
    CaptureRunTest()
    {
        prepare(100, 400);
    }
    void start()
    {
        ASSERT_TRUE(run.apply(RunCommand::Start));
    }
    // The backend has recorded @bytes, and READs are answered at once.
    void record(uint64_t bytes)
    {
        report(bytes);
        while (!send().empty())
            respond_to_all();
    }
    // The application reads all but @frames.
    bool leave(uint64_t frames)
    {
        show_all();
        return commit(frames);
    }
};

} // namespace xen_front::test

// SPDX-License-Identifier: GPL-2.0-only
//
// What the filter of system calls leaves a worker.
#include "server/system_calls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace sndback {
namespace {

bool is_refused(int result)
{
    return result == -1 && errno == EPERM;
}

// A process that the filter applies to, which exits with 0 if `holds` does.
template <typename Condition> void exit_if(Condition &&holds)
{
    restrict_system_calls();
    _exit(holds() ? 0 : 1);
}

// The kernel sends a descriptor's signal, which may be SIGKILL, to the process that F_SETOWN names.
// Workers of other guests have the same user.
TEST(SystemCalls, AWorkerHasNoSignalsSentToOthers)
{
    const pid_t other = getpid();
    const auto holds = [other] {
        const f_owner_ex owner { F_OWNER_PID, other };
        return is_refused(fcntl(0, F_SETOWN, other)) && is_refused(fcntl(0, F_SETOWN_EX, &owner)) &&
               is_refused(fcntl(0, F_SETSIG, SIGKILL)) && is_refused(kill(other, 0));
    };
    EXPECT_EXIT(exit_if(holds), ::testing::ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerHandlesItsDescriptors)
{
    const auto holds = [] {
        const int copy = fcntl(0, F_DUPFD_CLOEXEC, 10);
        return copy >= 10 && fcntl(copy, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_SETFD, 0) == 0 &&
               fcntl(copy, F_GETFL) >= 0;
    };
    EXPECT_EXIT(exit_if(holds), ::testing::ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerSchedulesItselfOnly)
{
    const pid_t other = getpid();
    const auto holds = [other] {
        const sched_param parameters {};
        return is_refused(sched_setscheduler(other, SCHED_IDLE, &parameters)) &&
               sched_setscheduler(0, SCHED_OTHER, &parameters) == 0;
    };
    EXPECT_EXIT(exit_if(holds), ::testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace sndback

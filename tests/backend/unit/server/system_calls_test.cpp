// SPDX-License-Identifier: GPL-2.0-only
//
// What the filter of system calls leaves a worker.
#include "server/system_calls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "protocol/sndif.hpp"

// These expect Xen's types to be declared before them.
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

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

// What may be done has no descriptor here to be done with.
bool is_let_through(std::uint64_t command)
{
    return ioctl(-1, command, nullptr) == -1 && errno == EBADF;
}

TEST(SystemCalls, AWorkerDoesWithXensDevicesWhatItHasTo)
{
    const auto holds = [] {
        return is_let_through(IOCTL_GNTDEV_MAP_GRANT_REF) &&
               is_let_through(IOCTL_GNTDEV_UNMAP_GRANT_REF) &&
               is_let_through(IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR) &&
               is_let_through(IOCTL_EVTCHN_BIND_INTERDOMAIN) &&
               is_let_through(IOCTL_EVTCHN_UNBIND) && is_let_through(IOCTL_EVTCHN_NOTIFY);
    };
    EXPECT_EXIT(exit_if(holds), ::testing::ExitedWithCode(0), "");
}

// To write into pages by way of the hypervisor, to hand them to other drivers, to have octets
// cleared when they are unmapped; to listen to what concerns all domains.
TEST(SystemCalls, AWorkerDoesNothingElseWithThem)
{
    const auto holds = [] {
        for (const std::uint64_t command :
             { IOCTL_GNTDEV_SET_UNMAP_NOTIFY, IOCTL_GNTDEV_GRANT_COPY,
               IOCTL_GNTDEV_DMABUF_EXP_FROM_REFS, IOCTL_GNTDEV_DMABUF_IMP_TO_REFS,
               IOCTL_EVTCHN_BIND_VIRQ, IOCTL_EVTCHN_BIND_UNBOUND_PORT,
               std::uint64_t { IOCTL_EVTCHN_RESET } })
            if (!is_refused(ioctl(-1, command, nullptr)))
                return false;
        return true;
    };
    EXPECT_EXIT(exit_if(holds), ::testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace sndback

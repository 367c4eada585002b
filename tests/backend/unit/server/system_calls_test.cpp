// SPDX-License-Identifier: GPL-2.0-only
//
// What the filter of system calls leaves a worker.
#include "server/system_calls.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sound/asound.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <thread>

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

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

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
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerHandlesItsDescriptors)
{
    const auto holds = [] {
        const int copy = fcntl(0, F_DUPFD_CLOEXEC, 10);
        return copy >= 10 && fcntl(copy, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_SETFD, 0) == 0 &&
               fcntl(copy, F_GETFL) >= 0;
    };
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerSchedulesItselfOnly)
{
    const pid_t other = getpid();
    const auto holds = [other] {
        const sched_param parameters {};
        return is_refused(sched_setscheduler(other, SCHED_IDLE, &parameters)) &&
               sched_setscheduler(0, SCHED_OTHER, &parameters) == 0;
    };
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerThatTriesToBeAnotherProgramIsKilled)
{
    const auto holds = [] {
        execl("/bin/true", "true", nullptr);
        return true;
    };
    EXPECT_EXIT(exit_if(holds), KilledBySignal(SIGSYS), "");
}

TEST(SystemCalls, AWorkerMayAbort)
{
    const auto holds = []() -> bool {
        abort();
    };
    EXPECT_EXIT(exit_if(holds), KilledBySignal(SIGABRT), "");
    const pid_t other = getpid();
    const auto kills_others = [other] {
        return is_refused(static_cast<int>(syscall(SYS_tgkill, other, other, 0)));
    };
    EXPECT_EXIT(exit_if(kills_others), ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerHasNoNetwork)
{
    const auto holds = [] {
        std::array<int, 2> ends {};
        return is_refused(socket(AF_INET, SOCK_STREAM, 0)) &&
               is_refused(socket(AF_NETLINK, SOCK_RAW, 0)) &&
               is_refused(socketpair(AF_INET, SOCK_STREAM, 0, ends.data())) &&
               socket(AF_UNIX, SOCK_STREAM, 0) >= 0 &&
               socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0;
    };
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerStartsThreadsAndNoProcesses)
{
    const auto holds = [] {
        bool has_run = false;
        std::thread([&] { has_run = true; }).join();
        // Whose arguments the filter cannot look at.
        const bool has_new_call = syscall(SYS_clone3, nullptr, 0) != -1 || errno != ENOSYS;
        return has_run && !has_new_call && is_refused(fork());
    };
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

TEST(SystemCalls, AWorkerLeavesItsLimitsAndFlagsAsTheyAre)
{
    const auto holds = [] {
        rlimit limit {};
        return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
               is_refused(setrlimit(RLIMIT_NOFILE, &limit)) &&
               is_refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)) &&
               is_refused(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)) &&
               prctl(PR_SET_NAME, "worker", 0, 0, 0) == 0;
    };
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
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
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

// Commands of timers have the letter of those of terminals.
TEST(SystemCalls, AWorkerUsesTimersAndTypesForNoTerminal)
{
    const auto holds = [] {
        return is_let_through(SNDRV_TIMER_IOCTL_INFO) && is_let_through(SNDRV_TIMER_IOCTL_PARAMS) &&
               is_let_through(SNDRV_TIMER_IOCTL_NEXT_DEVICE) &&
               is_let_through(SNDRV_TIMER_IOCTL_START) && is_let_through(SNDRV_PCM_IOCTL_PREPARE) &&
               is_let_through(SNDRV_CTL_IOCTL_CARD_INFO) &&
               is_refused(ioctl(-1, TIOCSTI, nullptr)) &&
               is_refused(ioctl(-1, TIOCSWINSZ, nullptr));
    };
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
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
    EXPECT_EXIT(exit_if(holds), ExitedWithCode(0), "");
}

} // namespace
} // namespace sndback

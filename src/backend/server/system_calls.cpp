// SPDX-License-Identifier: GPL-2.0-only
#include "server/system_calls.hpp"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

#include <fmt/core.h>

#include "protocol/sndif.hpp"

// These expect Xen's types to be declared before them.
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

namespace sndback {

namespace {

// By name: a system call that an architecture does not have is left out there.
constexpr const char *allowed[] = {
    // files that are open, or that the rules for files let it open
    "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "close", "open", "openat",
    "fstat", "stat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat",
    "faccessat2", "readlink", "readlinkat", "getdents64", "getcwd", "dup", "dup2", "dup3",
    "ftruncate", "fallocate", "fsync", "fdatasync", "flock", "unlink", "unlinkat", "umask",
    // memory
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "mlock2", "munlock",
    "memfd_create", "membarrier",
    // waiting
    "poll", "ppoll", "select", "pselect6", "epoll_create1", "epoll_ctl", "epoll_wait",
    "epoll_pwait", "epoll_pwait2", "eventfd2", "pipe2", "timerfd_create", "timerfd_settime",
    "timerfd_gettime", "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "nanosleep",
    "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "restart_syscall",
    // threads, and what the C library does for them
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address",
    "sched_yield", "sched_getscheduler", "sched_getparam", "sched_get_priority_max",
    "sched_get_priority_min", "sched_getaffinity", "getcpu", "exit", "exit_group", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "getrandom",
    // who and where it is
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid",
    "getresgid", "getgroups", "uname", "sysinfo", "getrlimit", "getrusage",
    // the supervisor, sound servers
    "connect", "sendmsg", "sendto", "recvmsg", "recvfrom", "getsockopt", "setsockopt",
    "getsockname", "getpeername", "shutdown",
    // dmix and its like share their buffer so
    "shmget", "shmat", "shmdt", "shmctl", "semget", "semop", "semctl", "semtimedop"
};

// A worker that tries these is not in its own hands any more.
constexpr const char *deadly[] = { "execve",           "execveat",          "ptrace",
                                   "process_vm_readv", "process_vm_writev", "mount",
                                   "umount2",          "pivot_root",        "chroot",
                                   "init_module",      "finit_module",      "bpf",
                                   "keyctl",           "kexec_load",        "open_by_handle_at" };

class Filter {
  public:
    Filter() : context_(seccomp_init(SCMP_ACT_ERRNO(EPERM)))
    {
        if (context_ == nullptr)
            throw std::runtime_error("seccomp_init failed");
    }

    void add(std::uint32_t action, const char *name)
    {
        const int number = seccomp_syscall_resolve_name(name);
        if (number != __NR_SCMP_ERROR)
            check(seccomp_rule_add(context_.get(), action, number, 0), name);
    }
    // If those bits of an argument, counted from 0, have that value.
    void allow_if(const char *name, unsigned argument, std::uint64_t value,
                  std::uint64_t bits = ~std::uint64_t { 0 })
    {
        const scmp_arg_cmp condition { argument, SCMP_CMP_MASKED_EQ, bits, value };
        check(seccomp_rule_add_array(context_.get(), SCMP_ACT_ALLOW,
                                     seccomp_syscall_resolve_name(name), 1, &condition),
              name);
    }
    void load()
    {
        check(seccomp_load(context_.get()), "loading");
    }

  private:
    static void check(int result, const char *what)
    {
        // A call that this architecture does not have.
        if (result < 0 && result != -EDOM)
            throw std::runtime_error(fmt::format("the filter of system calls: {}: {}", what,
                                                 std::generic_category().message(-result)));
    }

    struct Release {
        void operator()(void *context) const
        {
            seccomp_release(context);
        }
    };
    std::unique_ptr<void, Release> context_;
};

// Of ALSA by the letter of the device's commands: PCMs, controls and timers. The letter of timers
// is also that of terminals, one of whose commands, without arguments of its own, types for others.
// Of Xen's devices what libxengnttab and libxenevtchn do for this program.
void allow_devices(Filter &filter)
{
    constexpr unsigned letter = 0xff00;
    constexpr unsigned direction = 0xc0000000;
    for (const unsigned char device : { 'A', 'U' })
        filter.allow_if("ioctl", 1, unsigned { device } << 8, letter);
    for (const unsigned number : { IOCTL_GNTDEV_MAP_GRANT_REF, IOCTL_GNTDEV_UNMAP_GRANT_REF,
                                   IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, IOCTL_EVTCHN_BIND_INTERDOMAIN,
                                   IOCTL_EVTCHN_UNBIND, IOCTL_EVTCHN_NOTIFY })
        filter.allow_if("ioctl", 1, number, 0xffffffff);
    for (const unsigned way : { 0x40000000U, 0x80000000U, 0xc0000000U })
        filter.allow_if("ioctl", 1, ('T' << 8) | way, letter | direction);
    for (const unsigned number :
         { _IO('T', 0xa0), _IO('T', 0xa1), _IO('T', 0xa2), _IO('T', 0xa3), unsigned { TCGETS },
           unsigned { FIONREAD }, unsigned { FIONBIO } })
        filter.allow_if("ioctl", 1, number, 0xffffffff);
}

// Without F_SETOWN and F_SETSIG, by which the kernel would send a descriptor's signal to any
// process of the same user, or from root to any process.
void allow_descriptor_commands(Filter &filter)
{
    for (const int command :
         { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW,
           F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_ADD_SEALS, F_GET_SEALS, F_GETPIPE_SZ })
        filter.allow_if("fcntl", 1, static_cast<unsigned>(command), 0xffffffff);
}

} // namespace

void restrict_system_calls()
{
    Filter filter;
    for (const char *name : allowed)
        filter.add(SCMP_ACT_ALLOW, name);
    for (const char *name : deadly)
        filter.add(SCMP_ACT_KILL_PROCESS, name);
    allow_devices(filter);
    allow_descriptor_commands(filter);
    // Of the calling thread: other guests' workers run as the same user.
    filter.allow_if("sched_setscheduler", 0, 0, 0xffffffff);
    filter.allow_if("socket", 0, AF_UNIX);
    filter.allow_if("socketpair", 0, AF_UNIX);
    // Threads, no processes. The new call's arguments cannot be looked at; the C library goes back
    // to the old one.
    filter.allow_if("clone", 0, CLONE_THREAD, CLONE_THREAD);
    filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
    for (const int option : { PR_SET_NAME, PR_GET_NAME })
        filter.allow_if("prctl", 0, static_cast<unsigned>(option));
    // Reading limits of its own, not setting them.
    filter.allow_if("prlimit64", 2, 0);
    // abort() of itself.
    filter.allow_if("tgkill", 0, static_cast<unsigned>(getpid()));
    filter.load();
}

} // namespace sndback

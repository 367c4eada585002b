// SPDX-License-Identifier: GPL-2.0-only
#include "server/sandbox.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <system_error>

#include "audio/file.hpp"
#include "server/file_rules.hpp"
#include "server/log.hpp"
#include "server/system_calls.hpp"

namespace sndback {

namespace {

void require(int result, const char *what)
{
    if (result != 0)
        throw std::runtime_error(fmt::format("{}: {}; xen-sndback has to be started as root, or "
                                             "with --no-sandbox",
                                             what, std::generic_category().message(errno)));
}

void limit(int resource, const char *name, rlim_t soft, rlim_t hard)
{
    const auto which = static_cast<__rlimit_resource_t>(resource);
    const rlimit wanted { soft, hard };
    if (setrlimit(which, &wanted) == 0)
        return;
    // Only root may raise what it was started with: in a unit that has to do.
    rlimit present {};
    require(getrlimit(which, &present), name);
    const rlimit value { std::min(soft, present.rlim_max), std::min(hard, present.rlim_max) };
    require(setrlimit(which, &value), name);
}

void limit_resources(const Confinement &confinement)
{
    // Of a stream: event channels, two timers or events, and what a PCM and its mixer take.
    constexpr rlim_t descriptors = 64;
    constexpr rlim_t descriptors_per_stream = 10;
    constexpr rlim_t octets = rlim_t { 1 } << 30;
    constexpr rlim_t octets_per_stream = rlim_t { 1 } << 25;
    // A thread that is scheduled in real time and never waits for that long, in us, has gone wild:
    // SIGXCPU ends the worker. To yield is not to wait: a buffer of the default quota's size, to be
    // rendered at once, takes a tenth of it, and more on a machine that is emulated.
    constexpr rlim_t busy_us = 500'000;

    const rlim_t most = descriptors + descriptors_per_stream * confinement.streams;
    limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", most, most);
    const rlim_t data = octets + octets_per_stream * confinement.streams;
    limit(RLIMIT_DATA, "RLIMIT_DATA", data, data);
    limit(RLIMIT_CORE, "RLIMIT_CORE", 0, 0);
    limit(RLIMIT_RTPRIO, "RLIMIT_RTPRIO", confinement.realtime_priority,
          confinement.realtime_priority);
    limit(RLIMIT_RTTIME, "RLIMIT_RTTIME", busy_us, 2 * busy_us);
}

// Of the user's groups those that open sound devices and servers. A desktop's user is in others
// that open more: docker, libvirt.
std::vector<gid_t> sound_groups(const std::string &user, gid_t primary)
{
    int count = 1024;
    std::vector<gid_t> all(static_cast<std::size_t>(count));
    require(getgrouplist(user.c_str(), primary, all.data(), &count) < 0, "getgrouplist");
    all.resize(static_cast<std::size_t>(count));
    std::vector<gid_t> wanted { primary };
    for (const char *name : { "audio", "pulse-access" })
        if (const group *entry = getgrnam(name); entry != nullptr)
            wanted.push_back(entry->gr_gid);
    std::erase_if(all, [&](gid_t group) {
        return std::find(wanted.begin(), wanted.end(), group) == wanted.end();
    });
    return all;
}

void become_user(const std::string &user, bool may_be_missing)
{
    errno = 0;
    const passwd *entry = user == "root" ? nullptr : getpwnam(user.c_str());
    if (entry == nullptr) {
        if (user == "root")
            return;
        if (!may_be_missing)
            throw std::runtime_error(no_such_user(user));
        log(LogLevel::warning,
            "{}; as there is no configuration file, workers run as root, "
            "without its capabilities",
            no_such_user(user));
        return;
    }
    const uid_t uid = entry->pw_uid;
    const gid_t gid = entry->pw_gid;
    const std::vector<gid_t> groups = sound_groups(user, gid);
    require(setgroups(groups.size(), groups.data()), "setgroups");
    require(setresgid(gid, gid, gid), "setresgid");
    require(setresuid(uid, uid, uid), "setresuid");
}

// Where libraries of sound servers look: for the daemon of this user, then for that of the system.
// What a user keeps at home, ~/.asoundrc for one, is not for this service: it could not be opened
// either, and where it is, libraries fail instead of doing without.
void set_environment()
{
    const std::string runtime = fmt::format("/run/user/{}", getuid());
    // What the unit says of a server holds.
    const std::string server = fmt::format("unix:{}/pulse/native unix:/run/pulse/native", runtime);
    require(setenv("HOME", "/nonexistent", 1), "HOME");
    require(setenv("XDG_RUNTIME_DIR", runtime.c_str(), 1), "XDG_RUNTIME_DIR");
    require(setenv("PULSE_SERVER", server.c_str(), 0), "PULSE_SERVER");
}

// Libraries of sound servers print what they do not like, at each OPEN of a guest, and no quota of
// the log counts that. This process has its supervisor for what it has to say. If an administrator
// has started the service by hand, each of the three may be that terminal, and a worker could read
// from it and write to it through any of them.
void leave_terminal()
{
    const File nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
    require(nothing.get() < 0, "/dev/null");
    for (const int standard : { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO })
        require(dup2(nothing.get(), standard) < 0, "dup2");
}

void drop_bounding_set()
{
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability)
        require(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "dropping capabilities");
}

void drop_capabilities()
{
    __user_cap_header_struct header { _LINUX_CAPABILITY_VERSION_3, 0 };
    std::array<__user_cap_data_struct, 2> none {};
    require(static_cast<int>(syscall(SYS_capset, &header, none.data())), "capset");
}

// Neither does it outlive the supervisor, nor can it gain by exec, nor be looked into by the worker
// of another guest, which has the same user.
void set_process_flags()
{
    require(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG");
    require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
    require(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
}

} // namespace

std::string no_such_user(const std::string &user)
{
    return fmt::format("there is no user {}, whom workers run as; adduser --system --ingroup audio "
                       "{} creates it, and 'user = root' in [backend] does without",
                       user, user);
}

void enter_sandbox(const Confinement &confinement)
{
    limit_resources(confinement);
    // In a unit with PrivateNetwork there is no network already, and this is not allowed.
    if (unshare(CLONE_NEWNET) != 0)
        log(LogLevel::debug, "no network namespace of its own: {}",
            std::generic_category().message(errno));
    drop_bounding_set();
    become_user(confinement.user, confinement.user_may_be_missing);
    set_environment();
    leave_terminal();
    drop_capabilities();
    set_process_flags();
    if (const std::string missing = restrict_files(confinement.directories); !missing.empty())
        log(LogLevel::info, "Landlock does not restrict files: {}", missing);
    restrict_system_calls();
}

} // namespace sndback

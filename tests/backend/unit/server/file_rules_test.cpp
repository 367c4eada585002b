// SPDX-License-Identifier: GPL-2.0-only
//
// What of the file system a worker is left with, in a namespace whose /etc is the test's.
#include "server/file_rules.hpp"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>

#include "unit/support.h"

namespace sndback {
namespace {

// Exit statuses of the processes below.
enum Outcome : int {
    holds,
    fails,
    no_namespace,
    no_user,
};

void write_file(const std::string &path, const std::string &text)
{
    std::ofstream(path) << text;
}

// Of other users than root: with its own user, as a user's namespace maps it.
bool enter_namespace()
{
    const std::string user = std::to_string(geteuid());
    const std::string group = std::to_string(getegid());
    if (geteuid() != 0) {
        if (unshare(CLONE_NEWUSER) != 0)
            return false;
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", user + " " + user + " 1");
        write_file("/proc/self/gid_map", group + " " + group + " 1");
    }
    return unshare(CLONE_NEWNS) == 0 &&
           mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           mount("etc", "/etc", "tmpfs", 0, "mode=0755") == 0;
}

// What saves a file as editors and groupadd do.
void replace_file(const std::string &path, const std::string &text)
{
    write_file(path + ".new", text);
    std::filesystem::rename(path + ".new", path);
}

bool can_read(const char *path)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    return file >= 0 && close(file) == 0;
}

bool can_create(const std::filesystem::path &path)
{
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return file >= 0 && write(file, "x", 1) == 1 && close(file) == 0;
}

bool restricts_files(const std::vector<std::string> &directories = {})
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && restrict_files(directories).empty();
}

// In a namespace of its own, a user has capabilities.
bool drop_capabilities()
{
    __user_cap_header_struct header { _LINUX_CAPABILITY_VERSION_3, 0 };
    std::array<__user_cap_data_struct, 2> none {};
    return syscall(SYS_capset, &header, none.data()) == 0;
}

// A worker that is not root, with the ends of two pipes to the process that changes files.
Outcome work(int ready, int go)
{
    if (geteuid() == 0) {
        const passwd *nobody = getpwnam("nobody");
        if (nobody == nullptr || setgid(nobody->pw_gid) != 0 || setuid(nobody->pw_uid) != 0)
            return no_user;
    }
    if (!drop_capabilities() || !restricts_files())
        return fails;
    char octet = 0;
    if (getgrnam("audio") == nullptr || write(ready, "", 1) != 1 || read(go, &octet, 1) != 1)
        return fails;
    const group *entry = getgrnam("audio");
    const bool is_new = entry != nullptr && entry->gr_gid == 4711;
    return is_new && can_read("/etc/asound.conf") && !can_read("/etc/secret") &&
                   !can_read("/usr/bin/env")
               ? holds
               : fails;
}

[[noreturn]] void replace_files_of_a_worker()
{
    const std::filesystem::path directory = "/etc";
    if (!enter_namespace())
        _exit(no_namespace);
    write_file(directory / "nsswitch.conf", "group: files\npasswd: files\n");
    write_file(directory / "passwd", "nobody:x:65534:65534::/:/bin/false\n");
    write_file(directory / "group", "audio:x:29:\n");
    std::array<int, 2> ready {};
    std::array<int, 2> go {};
    if (pipe2(ready.data(), O_CLOEXEC) != 0 || pipe2(go.data(), O_CLOEXEC) != 0)
        _exit(fails);
    const pid_t worker = fork();
    if (worker == 0)
        _exit(work(ready[1], go[0]));
    close(ready[1]);
    char octet = 0;
    if (read(ready[0], &octet, 1) == 1) {
        replace_file(directory / "group", "audio:x:4711:\n");
        write_file(directory / "asound.conf", "");
        write_file(directory / "secret", "");
        chmod("/etc/secret", 0);
        (void)!write(go[1], "", 1);
    }
    int status = 0;
    waitpid(worker, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : fails);
}

Outcome run(const std::function<void()> &body)
{
    const pid_t process = fork();
    if (process == 0)
        body();
    int status = 0;
    waitpid(process, &status, 0);
    return static_cast<Outcome>(WIFEXITED(status) ? WEXITSTATUS(status) : fails);
}

// dmix looks up the group of its ipc_gid at each OPEN, and what useradd and groupadd write is
// another file of the same name.
TEST(FileRules, AUsersWorkerReadsWhatHasBeenReplacedInEtc)
{
    if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    const Outcome outcome = run(replace_files_of_a_worker);
    if (outcome == no_namespace)
        GTEST_SKIP() << "a namespace with an /etc of its own is not permitted here";
    if (outcome == no_user)
        GTEST_SKIP() << "this process is root, but may not change its user";
    EXPECT_EQ(outcome, holds);
}

TEST(FileRules, RootsWorkerReadsWhatIsListedOfEtc)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "this is not root, who alone can open /etc/shadow anyway";
    if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    EXPECT_TRUE(can_read("/etc/shadow"));
    const Outcome outcome = run([] {
        _exit(restricts_files() && can_read("/etc/group") && !can_read("/etc/shadow") ? holds
                                                                                      : fails);
    });
    EXPECT_EQ(outcome, holds);
}

// Root, whom nothing else would stop.
TEST(FileRules, AWorkerCreatesFilesInDirectoriesOfRecordingsOnly)
{
    if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    const TemporaryDirectory recordings;
    const TemporaryDirectory others;
    write_file(recordings / "there", "");
    const Outcome outcome = run([&] {
        const bool is_restricted = restricts_files({ recordings.path().string() });
        const bool may_record =
            can_create(recordings / "new") && can_read((recordings / "new").c_str());
        const bool may_more = mkdir((recordings / "directory").c_str(), 0700) == 0 ||
                              unlink((recordings / "there").c_str()) == 0 ||
                              symlink("there", (recordings / "link").c_str()) == 0 ||
                              can_create(others / "new");
        _exit(is_restricted && may_record && !may_more ? holds : fails);
    });
    EXPECT_EQ(outcome, holds);
}

TEST(FileRules, AWorkerWritesWhatSoundCardsAndServersTake)
{
    if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    const std::string name = "sndback-" + std::to_string(getpid());
    const Outcome outcome = run([&] {
        const std::filesystem::path shared = "/dev/shm/" + name;
        const bool is_restricted = restricts_files();
        const bool may_share = can_create(shared) && unlink(shared.c_str()) == 0;
        const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        const bool may_more = mkdir(shared.c_str(), 0700) == 0 ||
                              can_create("/usr/share/" + name) || can_create("/usr/lib/" + name) ||
                              mkfifo(("/dev/" + name).c_str(), 0600) == 0;
        _exit(is_restricted && may_share && null >= 0 && !may_more ? holds : fails);
    });
    EXPECT_EQ(outcome, holds);
}

} // namespace
} // namespace sndback

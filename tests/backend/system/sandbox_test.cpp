// SPDX-License-Identifier: GPL-2.0-only
//
// What a worker is left with, of root and of another user.
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include <fmt/core.h>

#include "system/service.h"

namespace sndback::fake {
namespace {

class Sandbox : public Service, public ::testing::WithParamInterface<const char *> {
  protected:
    // The worker of a guest that is served.
    pid_t start_worker()
    {
        connect_guest();
        EXPECT_TRUE(guest_.connect()) << backend_->log();
        const std::vector<pid_t> workers = backend_->workers();
        EXPECT_EQ(workers.size(), 1U);
        return workers.at(0);
    }
    void connect_guest()
    {
        ASSERT_EQ(chmod(directory_.path().c_str(), 0711), 0);
        configure("[backend]\nuser = " + std::string(GetParam()) +
                  "\n[guest *]\nplayback = null\nstreams = 4\n");
        start();
        guest_.add_card("p");
    }
    [[nodiscard]] bool is_of_root() const
    {
        return std::string(GetParam()) == "root";
    }
    static std::filesystem::path directory_of(pid_t process)
    {
        return "/proc/" + std::to_string(process);
    }

    Guest guest_ { machine_, 3, "desktop" };
};

INSTANTIATE_TEST_SUITE_P(Users, Sandbox, ::testing::Values("nobody", "root"));

TEST_P(Sandbox, HasNoPrivileges)
{
    std::ifstream status(directory_of(start_worker()) / "status");
    std::map<std::string, std::string> fields;
    for (std::string name, value; status >> name && std::getline(status >> std::ws, value);)
        fields[name] = value;
    for (const char *set : { "CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:" })
        EXPECT_EQ(fields[set], "0000000000000000") << set;
    EXPECT_EQ(fields["NoNewPrivs:"], "1");
    EXPECT_EQ(fields["Seccomp:"], "2");
    const passwd *user = getpwnam(GetParam());
    // Real, effective, saved, of files.
    const auto four_times = [](unsigned id) {
        return fmt::format("{}\t{}\t{}\t{}", id, id, id, id);
    };
    EXPECT_EQ(fields["Uid:"], four_times(user->pw_uid));
    EXPECT_EQ(fields["Gid:"], four_times(user->pw_gid));
    if (is_of_root())
        return;
    std::set<gid_t> groups;
    std::istringstream text(fields["Groups:"]);
    for (gid_t group = 0; text >> group;)
        groups.insert(group);
    const std::set<gid_t> expected { user->pw_gid, getgrnam("audio")->gr_gid };
    EXPECT_EQ(groups, expected);
}

TEST_P(Sandbox, HasLimits)
{
    std::ifstream limits(directory_of(start_worker()) / "limits");
    using Limit = std::pair<std::string, std::string>; // soft, hard
    std::map<std::string, Limit> found;
    constexpr std::size_t name_octets = 26;
    for (std::string line; std::getline(limits, line);) {
        std::istringstream values(line.substr(name_octets));
        Limit &limit = found[line.substr(0, line.find("  "))];
        values >> limit.first >> limit.second;
    }
    EXPECT_EQ(found["Max core file size"], Limit("0", "0"));
    EXPECT_EQ(found["Max realtime timeout"], Limit("500000", "1000000"));
    // What the four streams of this guest need.
    EXPECT_EQ(found["Max open files"], Limit("104", "104"));
    const std::string data = std::to_string((1U << 30) + 4 * (1U << 25));
    EXPECT_EQ(found["Max data size"], Limit(data, data));
}

// A worker of another guest has the same user, and no capabilities either.
TEST_P(Sandbox, CannotBeLookedInto)
{
    const std::string memory = directory_of(start_worker()) / "environ";
    const passwd *user = getpwnam(GetParam());
    const pid_t other = fork();
    if (other == 0) {
        __user_cap_header_struct header { _LINUX_CAPABILITY_VERSION_3, 0 };
        std::array<__user_cap_data_struct, 2> none {};
        if (setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0 ||
            syscall(SYS_capset, &header, none.data()) != 0)
            _exit(2);
        _exit(open(memory.c_str(), O_RDONLY | O_CLOEXEC) < 0 && (errno == EACCES || errno == ENOENT)
                  ? 0
                  : 1);
    }
    int status = 0;
    waitpid(other, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_P(Sandbox, HasANetworkOfItsOwn)
{
    const pid_t other = fork();
    if (other == 0)
        _exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
    int status = 0;
    waitpid(other, &status, 0);
    if (status != 0)
        GTEST_SKIP() << "a network namespace is not permitted here";
    const pid_t worker = start_worker();
    std::error_code error;
    const auto network = std::filesystem::read_symlink(directory_of(worker) / "ns/net", error);
    if (error)
        GTEST_SKIP() << "looking into another process is not permitted here";
    EXPECT_NE(network, std::filesystem::read_symlink("/proc/self/ns/net"));
}

// As libraries find it, and a guest that has taken it over.
TEST_P(Sandbox, IsKeptFromHomesAndFiles)
{
    if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    const std::string runtime = fmt::format("/run/user/{}", getpwnam(GetParam())->pw_uid);
    // What the unit says of a server holds.
    unsetenv("PULSE_SERVER");
    if (is_of_root())
        setenv("PULSE_SERVER", "unix:/run/server", 1);
    machine_.take_over(guest_.domain(), Intrusion::looks);
    connect_guest();
    unsetenv("PULSE_SERVER");
    ASSERT_TRUE(guest_.wait_for_backend(XenbusStateInitWait));
    guest_.stream(0).publish();
    guest_.set_state(XenbusStateInitialised);
    const std::string error = "/local/domain/0/error/backend/vsnd/3/0/error";
    ASSERT_TRUE(machine_.wait([&] { return machine_.read(error).has_value(); }));
    const std::string server =
        is_of_root() ? "unix:/run/server"
                     : fmt::format("unix:{}/pulse/native unix:/run/pulse/native", runtime);
    EXPECT_EQ(machine_.read(error),
              fmt::format("HOME=/nonexistent XDG_RUNTIME_DIR={} PULSE_SERVER={} / is closed",
                          runtime, server));
}

} // namespace
} // namespace sndback::fake

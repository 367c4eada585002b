// SPDX-License-Identifier: GPL-2.0-only
#include "server/file_rules.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <span>
#include <system_error>

#include "audio/file.hpp"

namespace sndback {

namespace {

// The rights of the first edition of Landlock, which every kernel that has it knows.
constexpr std::uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t device_rights = read_rights | LANDLOCK_ACCESS_FS_WRITE_FILE;
constexpr std::uint64_t recording_rights = device_rights | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr std::uint64_t shared_memory_rights = recording_rights | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t all_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM;
// What makes sense for a file that is no directory.
constexpr std::uint64_t file_rights =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE;

struct Rule {
    const char *path;
    std::uint64_t rights;
};

constexpr std::array<Rule, 12> rules { {
    // Libraries and plugins of ALSA, and its configuration.
    { "/usr/lib", read_rights | LANDLOCK_ACCESS_FS_EXECUTE },
    { "/lib", read_rights | LANDLOCK_ACCESS_FS_EXECUTE },
    { "/lib64", read_rights | LANDLOCK_ACCESS_FS_EXECUTE },
    { "/usr/share", read_rights },
    { "/usr/etc", read_rights },
    { "/proc/self", read_rights },
    { "/proc/asound", read_rights },
    { "/sys/devices/system/cpu", read_rights },
    { "/dev/null", device_rights },
    { "/dev/urandom", read_rights },
    // Sound cards, and what PulseAudio shares with its clients.
    { "/dev/snd", device_rights },
    { "/dev/shm", shared_memory_rights },
} };

// A rule holds for a file, not for its name. Editors, useradd and groupadd put another file in its
// place, which a rule for the directory covers.
constexpr std::array<Rule, 1> rules_of_users { { { "/etc", read_rights } } };

// Root owns what others must not read there, /etc/shadow for one. It gets the files that libraries
// need; one that is replaced is closed to it until its worker is started again.
constexpr std::array<Rule, 10> rules_of_root { {
    { "/etc/alsa", read_rights },
    { "/etc/asound.conf", read_rights },
    { "/etc/pulse", read_rights },
    { "/etc/pipewire", read_rights },
    { "/etc/ld.so.cache", read_rights },
    { "/etc/localtime", read_rights },
    { "/etc/machine-id", read_rights },
    { "/etc/nsswitch.conf", read_rights },
    { "/etc/passwd", read_rights },
    { "/etc/group", read_rights },
} };

void add_rule(int ruleset, const std::string &path, std::uint64_t rights)
{
    // O_PATH: it does not have to be readable now. What is not there needs no rule.
    const File directory(open(path.c_str(), O_PATH | O_CLOEXEC));
    if (directory.get() < 0)
        return;
    landlock_path_beneath_attr beneath { rights, directory.get() };
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0)
        return;
    beneath.allowed_access = rights & file_rights;
    (void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

} // namespace

std::string restrict_files(const std::vector<std::string> &directories)
{
    landlock_ruleset_attr handled {};
    handled.handled_access_fs = all_rights;
    const File ruleset(
        static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0)));
    if (ruleset.get() < 0)
        return std::generic_category().message(errno);
    const auto add = [&](std::span<const Rule> table) {
        for (const Rule &rule : table)
            add_rule(ruleset.get(), rule.path, rule.rights);
    };
    add(rules);
    add(geteuid() == 0 ? std::span<const Rule>(rules_of_root) : rules_of_users);
    for (const std::string &directory : directories)
        add_rule(ruleset.get(), directory, recording_rights);
    if (syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0)
        return std::generic_category().message(errno);
    return {};
}

} // namespace sndback
